"""A WSGI app from the package index that nobody here wrote, deployed by settings alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from slackwater import App, Health, Source

THREADS = ("--worker-class", "gthread", "--threads", "4")


@pytest.fixture(scope="session")
def httpbin(serve: Callable[..., Any]) -> Any:
    app = App(
        name="httpbin",
        interface="wsgi",
        entrypoint="httpbin:app",
        source=Source.requirement("httpbin==0.10.4"),
        health=Health(live="/status/200", ready="/status/200"),
    )
    return serve(app, *THREADS)


@pytest.mark.parametrize("status", [200, 404, 503])
def test_it_answers_with_the_status_asked_for(httpbin: Any, status: int) -> None:
    """A live path, a client's fault and a server's, all by address."""
    assert status == httpbin.request("GET", f"/status/{status}")[0]


def test_a_body_arrives(httpbin: Any) -> None:
    """POST through gunicorn's threads."""
    status, body = httpbin.request("POST", "/post", body=b'{"a": 1}', headers={"Content-Type": "application/json"})

    assert (200, {"a": 1}) == (status, json.loads(body)["json"])


def test_a_streamed_answer_arrives_whole(httpbin: Any) -> None:
    """Chunk by chunk, each a line."""
    status, body = httpbin.request("GET", "/stream/5")

    assert (200, [0, 1, 2, 3, 4]) == (status, [json.loads(line)["id"] for line in body.splitlines()])
