"""The example app, under the server that runs it on hosts."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from slackwater import App

WORKER = ("--worker-class", "uvicorn_worker.UvicornWorker", "--forwarded-allow-ips", "*")
TALK = """
import sys
from websockets.sync.client import unix_connect
with unix_connect(sys.argv[1], "ws://localhost/ws") as socket:
    socket.send("hello")
    print(socket.recv())
"""


@pytest.fixture(scope="session")
def shop(serve: Callable[..., Any], shop_app: App) -> Any:
    return serve(shop_app, *WORKER, GREETING="Ahoy")


def answer(served: Any, path: str, method: str = "GET", **rest: Any) -> tuple[int, dict[str, Any]]:
    status, body = served.request(method, path, **rest)
    return status, json.loads(body)


def test_it_says_who_answers(shop: Any) -> None:
    """Through a balancer one sees which instance and which release it was, and the settings it got."""
    assert (200, {"greeting": "Ahoy", "instance": "app-1", "release": "src-1"}) == answer(shop, "/")


def test_live_names_instance_release_and_time(shop: Any) -> None:
    """The time is the answer's own: a cached one would show."""
    status, found = answer(shop, "/health")
    age = datetime.now(UTC) - datetime.fromisoformat(found.pop("timestamp"))

    assert (200, {"status": "ok", "instance": "app-1", "release": "src-1"}) == (status, found)
    assert 0 <= age.total_seconds() < 5


def test_it_is_ready_when_it_depends_on_nothing(shop: Any) -> None:
    """No dependency is configured, so none can fail."""
    status, found = answer(shop, "/health/ready")

    assert (200, "ready") == (status, found["status"])


def test_a_dead_dependency_makes_it_not_ready_but_live(serve: Callable[..., Any], shop_app: App) -> None:
    """The balancer sends less; nothing replaces the instance."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    alone = serve(shop_app, *WORKER, DEPENDENCY=f"127.0.0.1:{port}")

    assert [503, 200] == [answer(alone, path)[0] for path in ("/health/ready", "/health")]


def test_a_dependency_is_asked_once_for_many_checks(serve: Callable[..., Any], shop_app: App) -> None:
    """Ten balancers that ask every second do not become load on the database."""
    with socket.create_server(("127.0.0.1", 0)) as database:
        database.settimeout(0.5)
        served = serve(shop_app, *WORKER, DEPENDENCY=f"127.0.0.1:{database.getsockname()[1]}")
        statuses = {answer(served, "/health/ready")[0] for _ in range(5)}
        database.accept()[0].close()

        with pytest.raises(TimeoutError):
            database.accept()

    assert {200} == statuses


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_slow_takes_its_time_and_lets_others_through(shop: Any, method: str) -> None:
    """A worker that waits still answers its health check."""
    begun = time.monotonic()
    waiting = Thread(target=shop.request, args=(method, "/slow?ms=700"))
    waiting.start()
    answer(shop, "/health")
    in_between = time.monotonic() - begun
    waiting.join()

    assert in_between < 0.5 < 0.7 <= time.monotonic() - begun


@pytest.mark.parametrize("path", ["/slow?ms=60001", "/slow?ms=-1", "/work?n=1000001"])
def test_nobody_can_ask_for_too_much(shop: Any, path: str) -> None:
    """Bounded, for it runs where strangers can reach it."""
    assert 422 == answer(shop, path)[0]


def test_work_uses_the_processor(shop: Any) -> None:
    """The same n gives the same digest, so that the work was done."""
    one, two = (answer(shop, "/work?n=3")[1] for _ in range(2))

    assert (3, one["digest"]) == (one["n"], two["digest"])


def test_echo_measures_a_body(shop: Any) -> None:
    """And gives back the request's id, so that a client can tell which of its requests arrived."""
    status, found = answer(shop, "/echo", "POST", body=b"x" * 100_000, headers={"X-Request-ID": "r-1"})

    assert (200, "r-1", 100_000) == (status, found["id"], found["length"])


def test_every_post_leaves_its_id_once(serve: Callable[..., Any], shop_app: App, tmp_path: Path) -> None:
    """A test adds up the ledgers of all hosts; a GET may be asked twice and is not in them."""
    alone = serve(shop_app, *WORKER, LEDGER=str(tmp_path / "ledger"))
    for method, path in (("POST", "/slow?ms=1"), ("GET", "/slow?ms=2"), ("POST", "/echo")):
        _, found = answer(alone, path, method, headers={"X-Request-ID": f"{method}{path[1:5]}"})

        assert f"{method}{path[1:5]}" == found["id"]

    assert ["POSTslow", "POSTecho"] == (tmp_path / "ledger").read_text().splitlines()


def test_headers_arrive_as_the_proxy_sent_them(shop: Any) -> None:
    """The client is the one that the proxy names."""
    sent = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Thing": "1"}
    _, found = answer(shop, "/headers", headers=sent)

    assert ("192.0.2.7", "https", "1") == (found["client"], found["scheme"], found["headers"]["x-thing"])


def test_a_websocket_is_answered(shop: Any) -> None:
    """With the instance that it is connected to."""
    command = [str(shop.python), "-c", TALK, str(shop.socket)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert {"echo": "hello", "instance": "app-1", "release": "src-1"} == json.loads(done.stdout)


def test_every_line_says_instance_and_request(shop: Any) -> None:
    """Lines of many instances end up in one place and are told apart there."""
    shop.request("GET", "/work?n=1", headers={"X-Request-ID": "r-2"})
    lines = [json.loads(line) for line in shop.log.read_text().splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line["request_id"] == "r-2"]

    assert ("app-1", "src-1", "info") == (line["instance"], line["release"], line["level"])
    assert line["message"].startswith("GET /work 200 in ")


def test_an_error_is_a_500_and_the_app_lives_on(shop: Any) -> None:
    """One broken request is one broken request."""
    assert (500, 200) == (shop.request("GET", "/boom")[0], answer(shop, "/health")[0])


def test_the_static_files_are_in_the_release(shop: Any) -> None:
    """nginx serves them from there; the text is large enough to be worth compressing."""
    sizes = [(shop.home / f"app/static/{name}").stat().st_size for name in ("site.css", "tides.txt")]

    assert (True, True) == (sizes[0] > 0, sizes[1] > 10_000)
