"""What the workers under test serve: a slow answer, WebSockets that behave, and some that do not."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Any, ClassVar

import slackwater_serving

LONG = 3600


class OverWsproto(slackwater_serving.UvicornWorker):
    CONFIG_KWARGS: ClassVar = {"loop": "auto", "http": "auto", "ws": "wsproto"}


class OverLegacyWebsockets(slackwater_serving.UvicornWorker):
    CONFIG_KWARGS: ClassVar = {"loop": "auto", "http": "auto", "ws": "websockets"}


class ChangedServer(slackwater_serving.Server):
    """As if a later uvicorn kept its connections elsewhere."""

    def _connected(self) -> Any:
        return self.server_state.moved_elsewhere


class OverChangedUvicorn(slackwater_serving.UvicornWorker):
    async def _serve(self) -> None:
        self.config.app = self.wsgi
        await ChangedServer(self.config, self.spread).serve(sockets=self.sockets)


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    kind = {"lifespan": lifespan, "http": answer, "websocket": talk}[scope["type"]]
    await kind(scope, receive, send)


async def lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            note("lifespan ended")
            return


async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await asyncio.sleep(float(scope["query_string"] or 0))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def talk(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    if scope["path"] == "/deaf":
        await asyncio.sleep(LONG)
    if scope["path"] == "/chatty":
        await chatter(send)
    while (message := await receive())["type"] != "websocket.disconnect":
        with suppress(OSError):  # closed meanwhile: the next thing received says so
            await send({"type": "websocket.send", "text": message["text"]})
    note(f"app saw {message['code']}")


async def chatter(send: Any) -> None:
    while True:
        await send({"type": "websocket.send", "text": "news"})
        await asyncio.sleep(0.01)


def note(text: str) -> None:
    sys.stderr.write(f"{text}\n")
