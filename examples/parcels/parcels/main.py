"""The web part: takes an order and leaves the work to the workers."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from parcels.tasks import ship

Send = Callable[[dict[str, Any]], Awaitable[None]]


async def app(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Send) -> None:
    if scope["type"] != "http":
        return
    match scope["method"], scope["path"]:
        case "POST", "/parcels":
            parcel = uuid.uuid4().hex
            await asyncio.to_thread(ship.delay, parcel, 1.0)
            await answer(send, 202, {"parcel": parcel})
        case _, "/health" | "/health/ready" | "/":
            await answer(send, 200, {"status": "ok"})
        case _:
            await answer(send, 404, {"status": "not found"})


async def answer(send: Send, status: int, content: dict[str, str]) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})
