"""When people may come."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from slackwater.drill.setting import is_served


class Front(ThreadingHTTPServer):
    """A balancer that answers with this status."""

    status = 503


class Answer(BaseHTTPRequestHandler):
    server: Front

    def do_GET(self) -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def front() -> Iterator[Front]:
    with Front(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_people_come_when_the_balancer_has_somebody_who_serves(front: Front) -> None:
    """The group has its instances in service some seconds before the balancer hears of them: 503 until then."""
    url = f"http://127.0.0.1:{front.server_port}/"
    before = is_served(url)
    front.status = 200

    assert not before
    assert is_served(url)
    assert not is_served("http://127.0.0.1:9/")
