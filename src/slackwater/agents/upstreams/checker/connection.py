"""One connection to a backend: a question goes out, an answer comes back, perhaps the next follows."""

from __future__ import annotations

import asyncio
from typing import Protocol

from .answer import Answer, GarbageError, Reader


class Asker(Protocol):
    """Who waits for the answer; exactly one of the two is called."""

    def answered(self, answer: Answer) -> None: ...

    def failed(self, error: BaseException | None) -> None: ...


class Connection(asyncio.Protocol):
    __slots__ = ("_asker", "_reader", "_transport", "is_open", "uses")

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._asker: Asker | None = None
        self._reader = Reader()
        self.is_open, self.uses = False, 0

    def ask(self, asker: Asker, request: bytes) -> None:
        self._asker, self._reader = asker, Reader()
        self.uses += 1
        if self._transport:
            self._transport.write(request)

    @property
    def heard(self) -> bool:
        """Whether anything has come since it was asked."""
        return self._reader.heard

    @property
    def stage(self) -> str:
        return self._reader.stage

    def close(self) -> None:
        """At once: nothing is in flight that anybody waits for."""
        self._asker, self.is_open = None, False
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self.is_open = transport, True  # type: ignore[assignment]  # of a stream it is a Transport

    def data_received(self, data: bytes) -> None:
        asker = self._asker
        if asker is None:
            self.close()  # it speaks without being asked: what comes next could not be told apart
            return
        try:
            answer = self._reader.feed(data)
        except GarbageError as error:
            self._asker = None
            asker.failed(error)
            return
        if answer:
            self._asker = None
            asker.answered(answer)

    def connection_lost(self, error: Exception | None) -> None:
        asker, self._asker, self.is_open = self._asker, None, False
        if asker is None:
            return
        try:
            answer = self._reader.end()
        except GarbageError as garbage:
            asker.failed(error or garbage)
        else:
            asker.answered(answer)
