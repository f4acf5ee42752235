"""Backends: real HTTP servers on loopback addresses of their own, with whatever manners a test asks for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

GRACE = 5
"""Seconds for the thread's loop to take a job or to end: far above what either takes, so that a fault ends a test."""


@dataclass
class Backend:
    """`manner` is answer, hang (read, stay silent), cut (read, close) or once (cut a connection's second request)."""

    address: str
    port: int
    status: int = 200
    delay: float = 0.0
    manner: str = "answer"
    asked: list[str] = field(default_factory=list)
    connections: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    serving: set[asyncio.Task[None]] = field(default_factory=set)
    server: asyncio.Server | None = None

    async def begin(self) -> None:
        self.server = await asyncio.start_server(self.serve, self.address, self.port, backlog=512)

    async def stop(self) -> None:
        if self.server:
            self.server.close()
        await self.hang_up()

    async def hang_up(self) -> None:
        serving = list(self.serving)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task
        self.serving.add(task)
        try:
            while await self.exchange(reader, writer):
                if self.manner == "once":
                    await reader.readuntil(b"\r\n\r\n")
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the balancer went away, or this backend does: what tests of kills and aborts are about
        finally:
            self.serving.discard(task)
            writer.close()

    async def exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        await reader.readexactly(length_of(head))
        self.asked.append(head.split("\r\n", 1)[0].rsplit(" ", 1)[0])
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self.answer(writer)
        finally:
            self.in_flight -= 1

    async def answer(self, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(self.delay if self.manner != "hang" else 3600)
        if self.manner == "cut":
            return False
        body = self.address.encode()
        writer.write(b"HTTP/1.1 %d Said\r\nContent-Length: %d\r\n\r\n%s" % (self.status, len(body), body))
        await writer.drain()
        return True


def length_of(head: str) -> int:
    lengths = [line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length:")]
    return int(lengths[0]) if lengths else 0


class Backends:
    """All backends of a test share a port, each on an address of its own, and one thread with one loop."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.all: dict[str, Backend] = {}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(GRACE)

    def add(self, address: str, **manners: Any) -> Backend:
        self.all[address] = Backend(address, self.port, **manners)
        self.do(self.all[address].begin())
        return self.all[address]

    def several(self, count: int, **manners: Any) -> list[Backend]:
        return [self.add(f"127.0.0.{number}", **manners) for number in range(11, 11 + count)]

    def stop(self, backend: Backend) -> None:
        self.do(backend.stop())

    def hang_up(self, backend: Backend) -> None:
        """Closes its connections; it goes on listening."""
        self.do(backend.hang_up())

    def end(self) -> None:
        for backend in self.all.values():
            self.stop(backend)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(GRACE)
        self.loop.close()


@contextmanager
def backends(port: int) -> Iterator[Backends]:
    those = Backends(port)
    those.thread.start()
    try:
        yield those
    finally:
        those.end()
