"""What is sent: a Load, and the requests that follow from it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from urllib.parse import urlsplit

from slackwater.errors import LabError

ANSWER_TIMEOUT = 30.0
"""Seconds for one answer, above what the app was asked to take: a request that hangs longer is lost to a person too,
and the run must end."""
LATENCIES = ((0.7, 5, 30), (0.9, 50, 200), (1.0, 300, 800))
"""Share up to which, and the milliseconds between which, the app is asked to take."""
POST_LINES = "Content-Length: 2\r\nContent-Type: application/json\r\n"


@dataclass(frozen=True)
class Load:
    """What is sent, `rate` requests/s for `seconds`; `posts`, `keepalive` and `long` are shares from 0 to 1.

    `rtt` (seconds) is how far away the client plays to be: so long after it has looked at its connection, kept or new,
    its request arrives. `long` requests take `long_ms`, meant to be more than the graceful timeout, and are counted
    apart. Each of `websockets` clients sends a small message a second and comes back when it is closed.
    """

    url: str
    rate: float = 300
    seconds: float = 10
    posts: float = 0.5
    keepalive: float = 0.5
    path: str = "/slow"
    seed: int = 1
    rtt: float = 0.0
    long: float = 0.0
    long_ms: int = 35_000
    websockets: int = 0
    websocket_path: str = "/ws"

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme != "http" or not urlsplit(self.url).hostname:
            raise LabError(f"{self.url!r} cannot be loaded: the URL must be plain HTTP, such as http://10.77.0.211/")
        for name in ("posts", "keepalive", "long"):
            if not 0 <= getattr(self, name) <= 1:
                raise LabError(f"a load's share {name} is {getattr(self, name)}: it must be from 0 to 1")

    @property
    def address(self) -> tuple[str, int]:
        place = urlsplit(self.url)
        return str(place.hostname), place.port or 80


@dataclass(frozen=True)
class Request:
    """One request; `kind` is its method, with "long" behind when it is one of those."""

    id: str
    kind: str
    keep: bool
    patience: float
    data: bytes

    @property
    def asked(self) -> float:
        """Seconds that the app was asked to take."""
        return self.patience - ANSWER_TIMEOUT

    @property
    def is_post(self) -> bool:
        return self.kind.startswith("POST")


class Mix:
    """Draws the requests of one run; `run` is the word that all its ids begin with."""

    def __init__(self, load: Load, run: str) -> None:
        self.load, self.run = load, run
        self._dice = random.Random(load.seed)  # noqa: S311  a mix of requests, no secret

    def request(self, number: int) -> Request:
        draw = self._dice.random
        method = "POST" if draw() < self.load.posts else "GET"
        keep, long = draw() < self.load.keepalive, draw() < self.load.long
        milliseconds, name = self.load.long_ms if long else self._latency(draw()), f"{self.run}-{number}"
        lines = (
            f"{method} {self.load.path}?ms={milliseconds} HTTP/1.1\r\nHost: {self.load.address[0]}\r\n"
            f"X-Request-ID: {name}\r\nConnection: {'keep-alive' if keep else 'close'}\r\n"
        )
        text = lines + (f"{POST_LINES}\r\n{{}}" if method == "POST" else "\r\n")
        kind = f"{method} long" if long else method
        return Request(name, kind, keep, ANSWER_TIMEOUT + milliseconds / 1000, text.encode())

    def _latency(self, share: float) -> int:
        _, least, most = next(row for row in LATENCIES if share <= row[0])
        return self._dice.randint(least, most)
