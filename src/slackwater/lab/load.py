"""The loss counter: requests at a fixed rate that are never retried; every one that is not answered 2xx is lost."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

ANSWER_TIMEOUT = 30.0
"""Seconds for one answer: a request that hangs longer is lost to a person too, and the run must end."""
LATENCIES = ((0.7, 5, 30), (0.9, 50, 200), (1.0, 300, 800))
"""Share up to which, and the milliseconds between which, the app is asked to take."""


@dataclass(frozen=True)
class Load:
    """What is sent. `rate` in requests/s, `seconds` long; `posts` and `keepalive` are shares from 0 to 1."""

    url: str
    rate: float = 300
    seconds: float = 10
    posts: float = 0.5
    keepalive: float = 0.5
    path: str = "/slow"
    seed: int = 1


@dataclass
class Result:
    """Lost requests by method and by what happened instead; `delays` are seconds until the answer of the others."""

    sent: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)

    def lose(self, method: str, reason: str) -> None:
        self.lost[method] += 1
        self.reasons[f"{method}: {reason}"] += 1

    def percentile(self, share: float) -> float:
        """Seconds; 0 when nothing was answered."""
        ordered = sorted(self.delays)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0

    def summary(self) -> dict[str, object]:
        """For a report or `--json`: counts, and milliseconds."""
        return {
            "sent": sum(self.sent.values()),
            "lost": sum(self.lost.values()),
            "lost_by_method": dict(self.lost),
            "reasons": dict(self.reasons),
            "p50_ms": round(self.percentile(0.5) * 1000, 1),
            "p99_ms": round(self.percentile(0.99) * 1000, 1),
            "slowest_ms": round(self.percentile(1.0) * 1000, 1),
        }


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Client:
    """Sends one Load. Kept connections are pooled as a browser's are; a dead one costs its request, as it should."""

    def __init__(self, load: Load) -> None:
        self.load, self.result = load, Result()
        place = urlsplit(load.url)
        self.host, self.port = str(place.hostname), place.port or 80
        self._idle: list[Connection] = []
        self._dice = random.Random(load.seed)  # noqa: S311  a mix of requests, no secret

    async def run(self) -> Result:
        """Starts requests on the clock, whether earlier ones are answered or not: a slow fleet must not be spared."""
        began, tasks = time.monotonic(), []
        for number in range(int(self.load.rate * self.load.seconds)):
            await asyncio.sleep(max(0.0, began + number / self.load.rate - time.monotonic()))
            tasks.append(asyncio.create_task(self._one(number)))
        await asyncio.gather(*tasks)
        for _, writer in self._idle:
            writer.close()
        return self.result

    async def _one(self, number: int) -> None:
        method = "POST" if self._dice.random() < self.load.posts else "GET"
        keep = self._dice.random() < self.load.keepalive
        request = self._request(method, number, keep)
        self.result.sent[method] += 1
        began = time.monotonic()
        try:
            status = await asyncio.wait_for(self._exchange(request, keep), ANSWER_TIMEOUT)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            self.result.lose(method, type(error).__name__)
            return
        if 200 <= status < 300:
            self.result.delays.append(time.monotonic() - began)
        else:
            self.result.lose(method, str(status))

    def _request(self, method: str, number: int, keep: bool) -> bytes:
        share = self._dice.random()
        _, least, most = next(row for row in LATENCIES if share <= row[0])
        lines = [
            f"{method} {self.load.path}?ms={self._dice.randint(least, most)} HTTP/1.1",
            f"Host: {self.host}",
            f"X-Request-ID: load-{self.load.seed}-{number}",
            f"Connection: {'keep-alive' if keep else 'close'}",
            *(["Content-Length: 2", "Content-Type: application/json"] if method == "POST" else []),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + ("{}" if method == "POST" else "")).encode()

    async def _exchange(self, request: bytes, keep: bool) -> int:
        reader, writer = await self._connection(keep)
        kept = False
        try:
            writer.write(request)
            status, length, closing = await self._head(reader)
            await reader.readexactly(length)
            kept = keep and not closing
        finally:
            self._idle.append((reader, writer)) if kept else writer.close()
        return status

    async def _connection(self, keep: bool) -> Connection:
        while keep and self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self.host, self.port)

    @staticmethod
    async def _head(reader: asyncio.StreamReader) -> tuple[int, int, bool]:
        """Status, length of the body, whether the server closes. Answers without a length are asked to have one."""
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        return int(lines[0].split()[1]), int(headers.get("content-length", 0)), headers.get("connection") == "close"


def run(load: Load) -> Result:
    """Sends the load and returns what became of it; ends by itself after its seconds and the last answer's timeout."""
    return asyncio.run(Client(load).run())
