"""gunicorn's uvicorn worker with a gentle stop: WebSockets close one after the other, and nothing waits for ever.

Hosts carry this one file beside gunicorn's settings, where the package slackwater is not installed: it imports the
standard library, uvicorn and uvicorn_worker.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any

import uvicorn  # type: ignore[import-not-found]
import uvicorn_worker  # type: ignore[import-not-found]

__all__ = ["UvicornWorker"]

SPREAD_VARIABLE = "SLACKWATER_WEBSOCKET_SPREAD"
DEFAULT_SPREAD = 5.0
"""Seconds over which a worker's WebSockets close: if all of them came back in one instant, who greets them stalls."""
CLOSE_TIMEOUT = 2.0
"""Seconds for the last client's own close frame: one that never answers must not hold the worker."""
MARGIN = 1.0
"""Seconds between uvicorn's last word and gunicorn's SIGKILL: a worker that ends by itself still runs the app's own
shutdown and answers what it gave up on; a killed one just falls silent."""
POLL = 0.05
"""Seconds between two looks at what is still open: shorter costs, longer delays a stop that is already done."""
SERVICE_RESTART = 1012
"""The close code that tells a client to come back (registered with IANA; RFC 6455, section 11.7)."""
WORKER_BOOT_ERROR = 3
"""gunicorn's exit status for it: the master then stops, where any other status has it try again for ever."""

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

logger = logging.getLogger("uvicorn.error")


class ServerRestartError(OSError):
    """An app sent to a WebSocket that the worker has closed; ASGI has servers raise an OSError then."""


class WebSocket:
    """The server's side of one WebSocket: the app speaks through it until the worker closes it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.accepted = self._closed = False

    async def send(self, message: Message) -> None:
        if not self._closed:
            await self._send(message)
            self.accepted = self.accepted or message["type"] == "websocket.accept"
        elif message["type"] != "websocket.close":  # the app's own goodbye only comes too late
            raise ServerRestartError("the WebSocket is closed: the server restarts")

    async def close(self) -> None:
        """The app then receives a disconnect with this code from uvicorn itself."""
        self._closed = True
        # The client or the app was quicker: uvicorn raises one or the other, and there is nothing left to close.
        with suppress(OSError, RuntimeError):
            await self._send({"type": "websocket.close", "code": SERVICE_RESTART, "reason": ""})


class WebSockets:
    """An ASGI app around the app that knows who is connected."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._all: dict[WebSocket, None] = {}  # in the order of their coming

    def open(self) -> list[WebSocket]:
        return [each for each in self._all if each.accepted]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._talk(scope, receive, WebSocket(send))
        else:
            await self.app(scope, receive, send)

    async def _talk(self, scope: Message, receive: Receive, client: WebSocket) -> None:
        self._all[client] = None
        try:
            with suppress(ServerRestartError):  # else uvicorn logs an error of the app's that is none
                await self.app(scope, receive, client.send)
        finally:
            del self._all[client]


class Server(uvicorn.Server):  # type: ignore[misc]
    """uvicorn's server, which by itself closes every WebSocket at once and waits for the app without end."""

    def __init__(self, config: uvicorn.Config, spread: float) -> None:
        super().__init__(config)
        self.spread = spread
        self._websockets: WebSockets

    def handle_exit(self, sig: int, frame: Any) -> None:
        if sig != signal.SIGTERM:  # who presses Ctrl-C does not want to wait
            self.spread = 0.0
        super().handle_exit(sig, frame)

    async def startup(self, sockets: Any = None) -> None:
        self.config.loaded_app = self._websockets = WebSockets(self.config.loaded_app)
        await super().startup(sockets=sockets)

    async def shutdown(self, sockets: Any = None) -> None:
        """What uvicorn does, after the WebSockets have gone; all of it within its graceful timeout."""
        end = asyncio.get_running_loop().time() + self.config.timeout_graceful_shutdown
        try:
            if leaving := self._websockets.open():
                self._end_http(sockets)
                await self._close(leaving, end)
        except AttributeError as changed:
            logger.warning("uvicorn closes all WebSockets at once, for it has changed: %s", changed)
        self.config.timeout_graceful_shutdown = max(0.0, end - asyncio.get_running_loop().time())
        await super().shutdown(sockets=sockets)

    def _end_http(self, sockets: Iterable[Any] | None) -> None:
        """As uvicorn's own first step, WebSockets left out: else clients would send new requests during the spread."""
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        for connection in self.server_state.connections - self._connected():
            connection.shutdown()

    def _connected(self) -> set[Any]:
        kind = self.config.ws_protocol_class
        return {each for each in self.server_state.connections if isinstance(each, kind)}

    async def _close(self, leaving: list[WebSocket], end: float) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        spread = max(0.0, min(self.spread, end - begun - CLOSE_TIMEOUT))
        logger.info("Closing %d WebSockets over %g s", len(leaving), spread)
        closing = []
        for number, client in enumerate(leaving):
            await self._sleep_until(begun + spread * number / len(leaving))
            closing.append(asyncio.create_task(client.close()))
        await self._await_farewells(min(end, loop.time() + CLOSE_TIMEOUT))
        for task in closing:  # a client that reads nothing holds up even its own close frame
            task.cancel()

    async def _sleep_until(self, moment: float) -> None:
        while (rest := moment - asyncio.get_running_loop().time()) > 0 and self.spread:
            await asyncio.sleep(min(rest, 1.0))

    async def _await_farewells(self, end: float) -> None:
        while self._connected() and asyncio.get_running_loop().time() < end and not self.force_exit:
            await asyncio.sleep(POLL)


class UvicornWorker(uvicorn_worker.UvicornWorker):  # type: ignore[misc]
    """`worker_class = "slackwater_serving.UvicornWorker"`; gunicorn's graceful_timeout is uvicorn's too."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        timeout = self.cfg.graceful_timeout
        self.config.timeout_graceful_shutdown = max(timeout - MARGIN, timeout / 2)
        self.spread = spread(os.environ.get(SPREAD_VARIABLE, ""))

    async def _serve(self) -> None:
        """As in uvicorn_worker 0.4, with our server; should it no longer ask for this, uvicorn's own is what serves."""
        self.config.app = self.wsgi
        server = Server(self.config, self.spread)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(WORKER_BOOT_ERROR)


def spread(text: str) -> float:
    """Seconds; ValueError says what is allowed."""
    try:
        seconds = float(text or DEFAULT_SPREAD)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{SPREAD_VARIABLE} is {text!r}: it must be a number of seconds, 0 or more, such as 5")
    return seconds
