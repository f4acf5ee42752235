"""The WSGI example app, under gunicorn's threads."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from slackwater import App, Source

THREADS = ("--worker-class", "gthread", "--threads", "4")


@pytest.fixture(scope="session")
def kiosk(serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    app = App(name="kiosk", interface="wsgi", entrypoint="kiosk.main:app", source=Source.directory("examples/kiosk"))
    ledger = tmp_path_factory.mktemp("kiosk") / "ledger"
    return serve(app, *THREADS, GREETING="Ahoy", LEDGER=str(ledger)), ledger


def answer(kiosk: tuple[Any, Path], path: str, method: str = "GET", **rest: Any) -> tuple[int, dict[str, Any]]:
    status, body = kiosk[0].request(method, path, **rest)
    return status, json.loads(body)


def test_it_says_who_answers(kiosk: Any) -> None:
    """Which instance and which release it was, and the settings it got."""
    assert (200, {"greeting": "Ahoy", "instance": "app-1", "release": "src-1"}) == answer(kiosk, "/")


@pytest.mark.parametrize(("path", "word"), [("/health", "ok"), ("/health/ready", "ready")])
def test_it_is_live_and_ready(kiosk: Any, path: str, word: str) -> None:
    """With the answer's own time: a cached one would show."""
    status, found = answer(kiosk, path)
    age = datetime.now(UTC) - datetime.fromisoformat(found.pop("timestamp"))

    assert (200, {"status": word, "instance": "app-1", "release": "src-1"}) == (status, found)
    assert 0 <= age.total_seconds() < 5


def test_slow_takes_its_time_and_lets_others_through(kiosk: Any) -> None:
    """Its thread waits; another one answers the health check."""
    begun = time.monotonic()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(answer, kiosk, "/slow?ms=700")
        answer(kiosk, "/health")
        in_between = time.monotonic() - begun

    assert (200, 700) == (waiting.result()[0], waiting.result()[1]["slept_ms"])
    assert in_between < 0.5 < 0.7 <= time.monotonic() - begun


@pytest.mark.parametrize("ms", [60_001, -1])
def test_nobody_can_ask_for_too_much(kiosk: Any, ms: int) -> None:
    """Bounded, for it runs where strangers can reach it."""
    assert 422 == kiosk[0].request("GET", f"/slow?ms={ms}")[0]


def test_every_post_leaves_its_id_once(kiosk: Any) -> None:
    """And is told it again; a GET may be asked twice and is not in the ledger."""
    for method, path in (("POST", "/slow?ms=1"), ("GET", "/slow?ms=2"), ("POST", "/echo")):
        _, found = answer(kiosk, path, method, headers={"X-Request-ID": f"{method}{path[1:5]}"})

        assert f"{method}{path[1:5]}" == found["id"]

    assert ["POSTslow", "POSTecho"] == kiosk[1].read_text().splitlines()


def test_echo_measures_a_body(kiosk: Any) -> None:
    """All of it arrives."""
    assert 100_000 == answer(kiosk, "/echo", "POST", body=b"x" * 100_000)[1]["length"]
