"""Two balancers, one name: the authority may ask the one whose certbot is not at work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from slackwater import Tls
from tests.edge.conftest import Start
from tests.edge.site import Edge

OTHER = "127.0.0.7"
CHALLENGE = "/.well-known/acme-challenge/token"
CERTBOT = Tls.certbot(email="ops@example.com", domains=["shop.example.com"])


class OtherBalancer(BaseHTTPRequestHandler):
    """Has the answer, and says whether it was asked as a balancer is."""

    def do_GET(self) -> None:
        known = self.path == CHALLENGE and self.headers["X-Slackwater-Acme"] == "1"
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write(b"thumb" if known else b"")

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def other() -> Iterator[int]:
    with ThreadingHTTPServer((OTHER, 0), OtherBalancer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def site(edge: Start, other: int) -> Edge:
    return edge(tls=CERTBOT, redirect=True, balancers={OTHER: other})


def test_the_other_balancer_is_asked(site: Edge) -> None:
    """It is over plain HTTP, as the authority wants it."""
    answer = site.get(CHALLENGE)

    assert (200, b"thumb") == (answer.status, answer.body)


def test_what_nobody_has_is_not_asked_for_ever(site: Edge) -> None:
    """404, also to another balancer."""
    assert 404 == site.get("/.well-known/acme-challenge/unknown").status
    assert 404 == site.get(CHALLENGE, {"X-Slackwater-Acme": "1"}).status
