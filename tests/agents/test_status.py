"""The status' parts that ask: nginx's counters, the app's two paths, since when."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from slackwater.agents.slots.layout import Layout
from slackwater.agents.slots.status import health, in_flight
from tests.agents.conftest import MakeSlot

PAGE = "Active connections: 5 \nserver accepts handled requests\n 9 9 30 \nReading: 1 Writing: 4 Waiting: 2 \n"


class Answers(BaseHTTPRequestHandler):
    """nginx' page of counters, and an app that lives and is not ready."""

    pages = {"/stub_status": (200, PAGE), "/live": (200, "ok"), "/ready": (503, "no db")}  # noqa: RUF012

    def do_GET(self) -> None:
        status, text = self.pages.get(self.path, (404, "not found"))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


class UnixServer(HTTPServer):
    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        return self.socket.accept()[0], ("", 0)


@pytest.fixture
def nginx() -> Iterator[tuple[str, int]]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield ("127.0.0.1", server.server_port)
        server.shutdown()
        thread.join()


@pytest.fixture
def slot(layout: Layout, make_slot: MakeSlot) -> Iterator[str]:
    make_slot("r1-aaaaaaaa", "r1", live="/live", ready="/ready", host="localhost", timeout=2)
    with UnixServer(str(layout.slot_socket("r1-aaaaaaaa")), Answers) as server:  # type: ignore[arg-type]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield "r1-aaaaaaaa"
        server.shutdown()
        thread.join()


def test_requests_in_flight_are_those_nginx_counts(nginx: tuple[str, int]) -> None:
    """Reading and writing, without the question itself; idle connections are none."""
    assert 4 == in_flight(nginx)


def test_what_nginx_does_not_say_is_not_zero(nginx: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Zero would mean that the host may be stopped."""
    monkeypatch.setitem(Answers.pages, "/stub_status", (404, "not found"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))

        assert [None, None] == [in_flight(nginx), in_flight(free.getsockname())]


def test_health_is_asked_on_the_slots_own_socket(layout: Layout, slot: str) -> None:
    """Each path by itself: alive, and not ready."""
    assert {"live": "", "ready": "503 Service Unavailable: no db"} == health(layout, slot)


def test_nothing_live_is_not_healthy(layout: Layout) -> None:
    """Before the first switch, and when somebody removed the live slot's settings."""
    assert [{"live": "nothing is live", "ready": "nothing is live"}] * 2 == [
        health(layout, None),
        health(layout, "gone-aaaaaaaa"),
    ]


def test_a_slot_that_hangs_does_not_hold_the_status_for_long(layout: Layout, make_slot: MakeSlot) -> None:
    """Its own patience may be a minute, the operator's is not."""
    make_slot("r1-aaaaaaaa", "r1", live="/live", ready="/ready", host="localhost", timeout=60)
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(Path(layout.slot_socket("r1-aaaaaaaa"))))
        deaf.listen()
        found = health(layout, "r1-aaaaaaaa")

    assert {"live": "no answer (timed out)", "ready": "no answer (timed out)"} == found
