"""HTTP/1.1 connections: one that carries a request at a time, and those that are kept for the next."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import NamedTuple

import httptools

IDLE_LIMIT = 15.0
"""Seconds after which a kept connection is not used again: it stays well below a proxy's own limit, or requests would
be lost to the very moment at which that ends, which says nothing about the fleet."""


class BrokenError(Exception):
    """No whole answer came; the text says how far it got."""


class Answer(NamedTuple):
    """`ids` are the request ids that header and JSON body name; `release` and `instance` are the body's, "" when it
    names none."""

    status: int
    ids: frozenset[str]
    release: str
    instance: str
    kept: bool


class Connection(asyncio.Protocol):
    """Answers that nobody waits for are reported to `unasked`."""

    def __init__(self, unasked: Callable[[], None]) -> None:
        self.is_open, self.used = True, 0.0
        self._unasked = unasked
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport
        self._waiting: asyncio.Future[Answer] | None = None
        self._begin()

    def _begin(self) -> None:
        self._id, self._body = b"", [b""]
        self._begun = False

    async def exchange(self, request: bytes) -> Answer:
        """BrokenError when the connection ends first."""
        self._begin()
        if not self.is_open:
            raise BrokenError(self._how())
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        self.is_open = False
        self._transport.close()

    def rest(self) -> None:
        """What comes from now on is an answer that nobody asked for."""
        self._waiting, self.used = None, time.monotonic()

    def is_fresh(self) -> bool:
        return self.is_open and time.monotonic() - self.used < IDLE_LIMIT

    def _how(self) -> str:
        how = "broken off in the answer" if self._begun else "closed before the answer"
        return f"{how}, on a kept connection" if self.used else how

    def _fail(self, how: str) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(BrokenError(how))

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  for the type checker
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._waiting:
            self._unasked()
            return self.close()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._unasked() if self._waiting.done() else self._fail("the answer is no HTTP")
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        self._fail(self._how())

    # What the parser calls.

    def on_message_begin(self) -> None:
        if not self._waiting or self._waiting.done():
            self._unasked()
        self._begun = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"x-request-id":
            self._id = value

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if not self._waiting or self._waiting.done() or status < 200:  # 1xx: the answer itself is still to come
            return
        name, release, instance = said(b"".join(self._body))
        ids = frozenset({self._id.decode("latin-1"), name} - {""})
        self._waiting.set_result(Answer(status, ids, release, instance, self._parser.should_keep_alive()))


class Pool:
    """Kept connections, as a browser has them; one that died unseen costs its request, as it should."""

    def __init__(self, address: tuple[str, int], unasked: Callable[[], None]) -> None:
        self.address, self._unasked = address, unasked
        self._idle: list[Connection] = []

    async def take(self, kept: bool) -> Connection:
        while kept and self._idle:
            if (connection := self._idle.pop()).is_fresh():
                return connection
            connection.close()
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(lambda: Connection(self._unasked), *self.address))[1]

    def keep(self, connection: Connection) -> None:
        connection.rest()
        self._idle.append(connection)

    def close(self) -> None:
        for connection in self._idle:
            connection.close()


def said(body: bytes) -> tuple[str, ...]:
    """Request id, release and instance that a JSON body names; "" for what it does not."""
    try:
        words = json.loads(body) if body[:1] == b"{" else {}
    except ValueError:
        words = {}
    found = (words.get(name) for name in ("id", "release", "instance"))
    return tuple(word if isinstance(word, str) else "" for word in found)
