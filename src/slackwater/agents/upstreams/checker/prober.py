"""One question to one backend, at an interval, each time with a bound."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from ..configuration import Checks
from ..members import Place
from .answer import Answer, GarbageError
from .connection import Connection
from .outcome import Outcome, Question, broken, garbage, judge, late

CONNECT_TIMEOUT = 1.0
"""Seconds: a host that is gone answers no connection; it must be found out sooner than one that is slow to answer."""
MOST_USES = 30
"""Questions on one connection: a backend that accepts no new ones must be found out too."""
JITTER = 0.1
"""Share by which an interval may be shorter: probes of a thousand backends must not fall into step. Never longer, so
that a silent backend is out after `fall` intervals and one timeout."""

Report = Callable[[Place, Question, Outcome], None]


@dataclass(frozen=True)
class Asked:
    """What all probes of one configuration share."""

    checks: Checks
    report: Report
    chance: Callable[[], float]
    tls: ssl.SSLContext | None = None


class Prober:
    """Begins a probe at each interval, whether the one before has ended or not."""

    __slots__ = ("_interval", "_kept", "_loop", "_next", "_open", "asked", "place", "question", "request")

    def __init__(self, asked: Asked, place: Place, question: Question) -> None:
        checks, self._loop = asked.checks, asyncio.get_running_loop()
        self.asked, self.place, self.question = asked, place, question
        live = question is Question.LIVE
        self._interval = checks.interval if live else checks.ready_interval
        self.request = _request(checks.live if live else str(checks.ready), checks.host or str(place))
        self._kept: Connection | None = None
        self._open: set[Probe] = set()
        self._next: asyncio.TimerHandle | None = None

    def start(self, delay: float) -> None:
        self._next = self._loop.call_later(delay, self._tick)

    def stop(self) -> None:
        if self._next:
            self._next.cancel()
        for probe in list(self._open):
            probe.abandon()
        self._open.clear()
        if self._kept:
            self._kept.close()

    def _tick(self) -> None:
        self._next = self._loop.call_later(self._interval * (1 - JITTER * self.asked.chance()), self._tick)
        probe, kept = Probe(self), self._kept
        self._kept = None
        self._open.add(probe)
        probe.begin(kept if kept and kept.is_open else None)

    def done(self, probe: Probe, outcome: Outcome, connection: Connection | None) -> None:
        """Takes back a connection that can be used again."""
        self._open.discard(probe)
        if connection and (self._kept or connection.uses >= MOST_USES):
            connection.close()
        elif connection:
            self._kept = connection
        self.asked.report(self.place, self.question, outcome)


class Probe:
    """One question, from the connection to the outcome."""

    __slots__ = ("_connecting", "_connection", "_prober", "_timer", "_used")

    def __init__(self, prober: Prober) -> None:
        loop = asyncio.get_running_loop()
        self._prober, self._used = prober, False
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._timer = loop.call_later(prober.asked.checks.timeout, self._expire)

    def begin(self, kept: Connection | None) -> None:
        self._used = kept is not None
        if kept:
            self._ask(kept)
        else:
            self._connecting = asyncio.get_running_loop().create_task(self._connect())

    def abandon(self) -> None:
        self._timer.cancel()
        if self._connecting:
            self._connecting.cancel()
        if self._connection:
            self._connection.close()

    def answered(self, answer: Answer) -> None:
        connection = self._connection
        if connection and not answer.keep:
            connection.close()
            connection = None
        asked = self._prober.asked
        self._finish(judge(asked.checks, self._prober.question, answer), connection)

    def failed(self, error: BaseException | None) -> None:
        """A kept connection that the backend has closed meanwhile says nothing: it is asked again on a new one."""
        heard = self._connection is not None and self._connection.heard
        if self._connection:
            self._connection.close()
        if self._used and not heard:
            self.begin(None)
        elif isinstance(error, GarbageError) and heard:
            self._finish(garbage(str(error)))
        else:
            self._finish(broken(error))

    async def _connect(self) -> None:
        """Only the connection itself has the short bound: TLS comes from nginx there, as the answer does."""
        self._connection = None
        tls, limit = self._prober.asked.tls, min(CONNECT_TIMEOUT, self._prober.asked.checks.timeout)
        host, loop = self._prober.place.address if tls else None, asyncio.get_running_loop()
        try:
            async with asyncio.timeout(limit) as bound:
                made = await _connected(self._prober.place)
            _, connection = await loop.create_connection(Connection, sock=made, ssl=tls, server_hostname=host)
        except OSError as error:
            self._finish(late(limit, "no connection") if bound.expired() else broken(error))
        else:
            self._ask(connection)

    def _ask(self, connection: Connection) -> None:
        self._connection = connection
        if connection.is_open:
            connection.ask(self, self._prober.request)
        else:
            self.failed(None)

    def _expire(self) -> None:
        stage = self._connection.stage if self._connection else "no connection"
        self.abandon()
        self._finish(late(self._prober.asked.checks.timeout, stage))

    def _finish(self, outcome: Outcome, connection: Connection | None = None) -> None:
        self._timer.cancel()
        self._prober.done(self, outcome, connection)


async def _connected(place: Place) -> socket.socket:
    with ExitStack() as stack:
        family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
        made = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, (place.address, place.port))
        stack.pop_all()
    return made


def _request(path: str, host: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "User-Agent: slackwater-upstreams", "Accept: */*"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii", "replace")
