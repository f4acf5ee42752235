"""The app: each route shows one thing that a deployment, a balancer or a drain must handle well."""

import asyncio
import hashlib
import os
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse

from shop.ledger import note
from shop.log import INSTANCE, RELEASE, logger, request_id
from shop.ready import Dependency

GREETING = os.environ.get("GREETING", "Welcome to the shop")

log = logger()
dependency = Dependency()
app = FastAPI(title="shop")


def identity() -> dict[str, str]:
    return {"instance": INSTANCE, "release": RELEASE}


@app.middleware("http")
async def log_request(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    request_id.set(request.headers.get("x-request-id") or uuid.uuid4().hex)
    begun, status = time.monotonic(), 500
    try:
        response = await call_next(request)
        status = response.status_code
        return response
    finally:
        took = (time.monotonic() - begun) * 1000
        log.info("%s %s %d in %.1f ms", request.method, request.url.path, status, took)


@app.get("/")
def home() -> dict[str, str]:
    return {"greeting": GREETING, **identity()}


@app.get("/health")
async def live() -> dict[str, str]:
    """Whether this process answers; it asks nothing else, so that a database's bad day replaces no instance."""
    return {"status": "ok", **identity(), "timestamp": datetime.now(UTC).isoformat()}


@app.get("/health/ready")
async def ready() -> JSONResponse:
    answers = await dependency.answers()
    content = {"status": "ready" if answers else "not ready", **identity(), "timestamp": datetime.now(UTC).isoformat()}
    return JSONResponse(content, status_code=200 if answers else 503)


@app.api_route("/slow", methods=["GET", "POST"])
async def slow(request: Request, ms: Annotated[int, Query(ge=0, le=60_000)] = 500) -> dict[str, str | int | None]:
    """Waits without using the processor, as for a slow upstream."""
    if request.method == "POST":
        note(request_id.get())
    await asyncio.sleep(ms / 1000)
    return {"id": request_id.get(), "slept_ms": ms, **identity()}


@app.get("/work")
def work(n: Annotated[int, Query(ge=0, le=1_000_000)] = 1000) -> dict[str, str | int]:
    """Uses the processor; in a thread, so that the process still answers its health check."""
    digest = b""
    for _ in range(n):
        digest = hashlib.sha256(digest).digest()
    return {"n": n, "digest": digest.hex(), **identity()}


@app.post("/echo")
async def echo(request: Request) -> dict[str, str | int | None]:
    note(request_id.get())
    return {"id": request_id.get(), "length": len(await request.body()), **identity()}


@app.get("/headers")
async def headers(request: Request) -> dict[str, object]:
    """The request as it arrives here, after every proxy."""
    client = request.client.host if request.client else None
    return {"client": client, "scheme": request.url.scheme, "headers": dict(request.headers)}


@app.get("/boom")
async def boom() -> None:
    raise RuntimeError("boom")


@app.websocket("/ws")
async def talk(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_json({"echo": await socket.receive_text(), **identity()})
    except WebSocketDisconnect as left:
        log.info("WebSocket closed with %d", left.code)
