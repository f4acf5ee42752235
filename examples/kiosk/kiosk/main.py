"""The app: each route shows one thing that a deployment, a balancer or a drain must handle well."""

import os
import time
import uuid
from datetime import UTC, datetime

from flask import Flask, abort, g, request

from kiosk.ledger import note

GREETING = os.environ.get("GREETING", "Welcome to the kiosk")
INSTANCE = os.environ.get("SLACKWATER_INSTANCE", "unknown")
RELEASE = os.environ.get("SLACKWATER_RELEASE", "unknown")

# Nobody may occupy a thread for longer: this runs where strangers can reach it.
LONGEST_MS = 60_000

app = Flask("kiosk")


def identity() -> dict[str, str]:
    return {"instance": INSTANCE, "release": RELEASE}


def state(word: str) -> dict[str, str]:
    return {"status": word, **identity(), "timestamp": datetime.now(UTC).isoformat()}


@app.before_request
def name_request() -> None:
    g.id = request.headers.get("X-Request-ID") or uuid.uuid4().hex
    if request.method == "POST":
        note(g.id)


@app.get("/")
def home() -> dict[str, str]:
    return {"greeting": GREETING, **identity()}


@app.get("/health")
def live() -> dict[str, str]:
    """Whether this process answers."""
    return state("ok")


@app.get("/health/ready")
def ready() -> dict[str, str]:
    """It depends on nothing, so it is ready once it answers."""
    return state("ready")


@app.route("/slow", methods=["GET", "POST"])
def slow() -> dict[str, str | int]:
    """Waits without using the processor, as for a slow upstream; its thread is occupied meanwhile."""
    ms = request.args.get("ms", 500, type=int)
    if not 0 <= ms <= LONGEST_MS:
        abort(422)
    time.sleep(ms / 1000)
    return {"id": g.id, "slept_ms": ms, **identity()}


@app.post("/echo")
def echo() -> dict[str, str | int]:
    return {"id": g.id, "length": len(request.get_data()), **identity()}
