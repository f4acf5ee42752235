"""The page itself: three addresses, on loopback, each request bounded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress

from ..words import Log
from .metrics import exposition
from .view import View

REQUEST_TIMEOUT = 5.0
"""Seconds: a client that never finishes its request must not keep a connection for ever."""
LONGEST_REQUEST = 8 * 1024
BIND_AGAIN = 5.0
"""Seconds until a port that somebody else has is tried again: the agent works on without its page."""


class Page:
    def __init__(self, view: Callable[[], View], log: Log) -> None:
        self._view, self._log = view, log
        self.port = 0

    async def serve(self, address: str, port: int) -> None:
        complained = False
        while True:
            try:
                server = await asyncio.start_server(self._answer, address, port, limit=LONGEST_REQUEST)
            except OSError as error:
                if not complained:
                    self._log(f"the page on {address}:{port} cannot be served: {error}")
                complained = True
                await asyncio.sleep(BIND_AGAIN)
                continue
            self.port = int(server.sockets[0].getsockname()[1])
            async with server:
                await server.serve_forever()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._respond(head.split(b"\r\n", 1)[0]))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.transport.abort()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _respond(self, line: bytes) -> bytes:
        words = line.split(b" ")
        if len(words) != 3 or words[0] not in (b"GET", b"HEAD"):
            return _response(400, "text/plain", "ask with GET\n")
        match words[1].split(b"?", 1)[0]:
            case b"/state":
                return _response(200, "application/json", json.dumps(self._view().state()) + "\n")
            case b"/metrics":
                return _response(200, "text/plain; version=0.0.4", exposition(self._view()))
            case b"/health":
                wrong = self._view().health()
                return _response(503 if wrong else 200, "text/plain", f"{wrong or 'ok'}\n")
        return _response(404, "text/plain", "there are /state, /metrics and /health\n")


def _response(status: int, kind: str, text: str) -> bytes:
    body = text.encode()
    reason = {200: "OK", 400: "Bad Request", 404: "Not Found"}.get(status, "Service Unavailable")
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Cache-Control: no-store\r\nConnection: close\r\n\r\n".encode() + body
