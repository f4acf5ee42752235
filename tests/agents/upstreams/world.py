"""What an agent meets, for real: backends on TCP, nginx's list on a unix socket, the helper that cuts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Stream = asyncio.StreamWriter
Behaviour = Callable[[str, Stream], Awaitable[None]]

POLL = 0.01
"""Seconds between two looks of `until`."""


def response(status: int, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def says(status: int, body: bytes = b"ok\n", *headers: str) -> Behaviour:
    async def behave(_: str, stream: Stream) -> None:
        stream.write(response(status, body, *headers))

    return behave


def ready_says(status: int, body: bytes = b"ok\n") -> Behaviour:
    """Alive in any case."""

    async def behave(path: str, stream: Stream) -> None:
        stream.write(response(status if path.endswith("ready") else 200, body))

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """One after the other, and again; asked whether it is ready, it is."""
    turn = -1

    async def behave(path: str, stream: Stream) -> None:
        nonlocal turn
        turn += not path.endswith("ready")
        await behaviours[turn % len(behaviours)](path, stream)

    return behave


def after(seconds: float, then: Behaviour) -> Behaviour:
    async def behave(path: str, stream: Stream) -> None:
        await asyncio.sleep(seconds)
        await then(path, stream)

    return behave


async def silence(_: str, stream: Stream) -> None:
    await asyncio.sleep(3600)


async def slow_body(_: str, stream: Stream) -> None:
    stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        stream.write(b".")
        await asyncio.sleep(0.01)


async def endless_head(_: str, stream: Stream) -> None:
    stream.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        stream.write(b"X-More: of this\r\n")
        await stream.drain()
        await asyncio.sleep(0.0005)


async def endless_body(_: str, stream: Stream) -> None:
    stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n")
    while True:
        stream.write(b"." * 1000)
        await stream.drain()


async def garbage(_: str, stream: Stream) -> None:
    stream.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


async def hang_up(_: str, stream: Stream) -> None:
    stream.close()


OK = says(200)
DRAINING = says(503, b"draining\n")


class Backend:
    """Its behaviour can be changed at any time; `asked` counts the requests by path."""

    def __init__(self, behave: Behaviour = OK) -> None:
        self.behave, self.asked, self.connections = behave, dict[str, int](), 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> Backend:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """From now on connections are refused, and those that were open are gone."""
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.sleep(0)

    def member(self, name: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "address": "127.0.0.1", "port": self.port, **more}

    async def _serve(self, reader: asyncio.StreamReader, stream: Stream) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self.connections += 1
        try:
            while True:
                path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
                self.asked[path] = self.asked.get(path, 0) + 1
                await self.behave(path, stream)
                await stream.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            stream.transport.abort()
        finally:
            self._tasks.discard(task)


class FakeNginx:
    """Takes and gives the list as nginx's Lua part does, and refuses what that refuses."""

    def __init__(self, path: Path) -> None:
        self.path, self.generation, self.puts = path, 0, list[dict[str, Any]]()
        self.members: list[dict[str, Any]] = []
        self.in_flight: dict[int, int] = {}
        self.refuses = ""

    async def start(self) -> FakeNginx:
        self._server = await asyncio.start_unix_server(self._serve, self.path, limit=1 << 24)
        return self

    async def stop(self) -> None:
        self._server.close()
        self.path.unlink(missing_ok=True)

    async def restart(self) -> None:
        """Without its file: it has forgotten everything."""
        await self.stop()
        self.generation, self.members = 0, []
        await self.start()

    @property
    def names(self) -> list[str]:
        return sorted(member["name"] for member in self.members)

    async def _serve(self, reader: asyncio.StreamReader, stream: Stream) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-len")]
        body = await reader.readexactly(lengths[0]) if lengths else b""
        fault = self._take(json.loads(body)) if head.startswith(b"PUT /members ") else ""
        said = {"error": fault} if fault else self._state()
        stream.write(response(400 if fault else 200, json.dumps(said).encode(), "Connection: close"))
        await stream.drain()
        stream.close()

    def _take(self, document: dict[str, Any]) -> str:
        keys = {"name", "address", "port", "weight", "backup", "since", "slow_start"}
        members = document["members"]
        if self.refuses or not members or any(set(member) != keys for member in members):
            return self.refuses or "no list of members"
        if len({(member["address"], member["port"]) for member in members}) < len(members):
            return "a place stands there twice"
        self.generation, self.members = document["generation"], members
        self.puts.append(document)
        return ""

    def _state(self) -> dict[str, Any]:
        listed = {member["port"] for member in self.members}
        counters = {"requests": 0, "failures": 0, "ejected": False}
        members = [{**m, **counters, "in_flight": self.in_flight.get(m["port"], 0)} for m in self.members]
        gone = {port: count for port, count in self.in_flight.items() if count and port not in listed}
        leaving = [{"address": "127.0.0.1", "port": port, "in_flight": count} for port, count in gone.items()]
        return {"generation": self.generation, "members": members, "leaving": leaving}


class FakeCutter:
    """Notes what it was asked to cut."""

    def __init__(self, path: Path) -> None:
        self.path, self.lines = path, list[str]()

    async def start(self) -> FakeCutter:
        self._server = await asyncio.start_unix_server(self._serve, self.path)
        return self

    async def _serve(self, reader: asyncio.StreamReader, stream: Stream) -> None:
        lines = (await reader.read()).decode().splitlines()
        self.lines += lines
        stream.write("".join("cut 1\n" for _ in lines).encode())
        await stream.drain()
        stream.close()


async def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    """Waits for it to become true, and fails when it does not."""
    for _ in range(round(seconds / POLL)):
        if true():
            return
        await asyncio.sleep(POLL)
    raise AssertionError(f"not true after {seconds} s")
