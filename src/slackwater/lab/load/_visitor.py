"""A client that keeps a WebSocket open, says something every second, and comes back when it is closed."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from slackwater.lab.load._load import ANSWER_TIMEOUT, Load
from slackwater.lab.load._result import Result

BEAT = 1.0
"""Seconds between two messages: enough to see a connection that died without a word."""
RETURN_WITHIN = 1.0
"""Seconds, drawn anew each time, after which a closed client comes back: all at once would be a load of its own."""
CLOSE_TIMEOUT = 1.0
"""Seconds for the server's answer to our own close: the run must end even when none comes."""


class Visitor:
    """Its closes are counted by code; a handshake that fails is a lost request, a closed WebSocket is none."""

    def __init__(self, load: Load, result: Result, number: int) -> None:
        host, port = load.address
        self.url = f"ws://{host}:{port}{load.websocket_path}"
        self.rtt, self.result = load.rtt, result
        self._dice = random.Random(load.seed + number)  # noqa: S311  when to come back, no secret

    async def stay(self) -> None:
        """Until it is cancelled; it then says goodbye."""
        while True:
            await asyncio.sleep(self.rtt)
            await self._visit()
            await asyncio.sleep(self._dice.uniform(0, RETURN_WITHIN))

    async def _visit(self) -> None:
        self.result.sent["WebSocket"] += 1
        try:
            server = await self._connect()
        except (OSError, EOFError, InvalidHandshake) as error:
            self.result.lose("WebSocket", type(error).__name__)
        else:
            async with server:
                self.result.websockets.opened += 1
                self.result.websockets.closes[await self._talk(server)] += 1

    async def _connect(self) -> ClientConnection:
        return await connect(
            self.url,
            open_timeout=ANSWER_TIMEOUT,
            close_timeout=CLOSE_TIMEOUT,
            compression=None,
            ping_interval=None,  # a message every second finds a dead server sooner
            proxy=None,
        )

    async def _talk(self, server: ClientConnection) -> str:
        """How it ended: the server's close code, or what came instead."""
        try:
            while True:
                async with asyncio.timeout(ANSWER_TIMEOUT):
                    await server.send("hello")
                    await server.recv()
                self.result.websockets.messages += 1
                with suppress(TimeoutError):
                    await asyncio.wait_for(server.wait_closed(), BEAT)
        except ConnectionClosed as end:
            return str(end.rcvd.code) if end.rcvd else "no close frame"
        except TimeoutError:
            return "no answer"
