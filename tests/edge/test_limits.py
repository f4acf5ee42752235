"""Limits of size and time."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack

import pytest

from slackwater import Static
from tests.edge.conftest import Start
from tests.edge.site import Edge
from tests.edge.slowly import closed, drip

SLOW = 500


def test_a_body_that_is_too_large_is_refused(edge: Start) -> None:
    """By its length, before it is sent."""
    site = edge(body_limit=1)

    assert [200, 413] == [site.ask("POST", "/", body=b"x" * size).status for size in (2**20, 2**20 + 1)]


def test_a_header_that_is_too_large_is_refused(edge: Start) -> None:
    """400, and the app is not troubled."""
    site = edge(header_limit=4)
    statuses = [site.get("/", {"X-Long": "x" * size}).status for size in (3500, 4200)]

    assert [200, 400] == statuses
    assert "uninitialized" not in site.errors()


def test_an_address_that_is_too_long_is_refused(edge: Start) -> None:
    """414."""
    site = edge(header_limit=2)

    assert [200, 414] == [site.get("/" + "x" * size).status for size in (1500, 2100)]


def test_a_request_id_of_the_client_goes_all_the_way(edge: Start) -> None:
    """To the app, back to the client and into the log; one that is no id is replaced."""
    site = edge()
    mine, strange = (site.get("/", {"X-Request-ID": value}) for value in ("abc-1", "a b<script>"))

    assert ("abc-1", "abc-1") == (mine.echo["headers"]["x-request-id"], mine["x-request-id"])
    assert strange["x-request-id"] == strange.echo["headers"]["x-request-id"] != "a b<script>"
    assert '"status":200' in site.logged('"request_id":"abc-1"')


def test_a_static_file_keeps_its_cache_through_the_balancer(edge: Start) -> None:
    """What the app's host says of it passes as it is, and so do the questions of a cache."""
    site = edge(app={"static": (Static(url="/static/", directory="static", max_age=30),)})
    folder = site.place / "srv/slackwater/shop/current/app/static"
    folder.mkdir(parents=True)
    (folder / "site.css").write_text("body {}\n")
    answer = site.get("/static/site.css")
    again = site.get("/static/site.css", {"If-None-Match": answer["etag"] or ""})
    part = site.get("/static/site.css", {"Range": "bytes=0-3"})

    assert "public, max-age=2592000, immutable" == answer["cache-control"]
    assert (304, 206, b"body") == (again.status, part.status, part.body)


@pytest.mark.parametrize("beginning", [b"GET / HTTP/1.1\r\nHost: x\r\n", b""], ids=["half a head", "nothing"])
def test_five_hundred_slow_sockets_do_not_stop_anybody(edge: Start, beginning: bytes) -> None:
    """Ordinary requests are answered as before, and the slow ones are closed when their time is over."""
    site = edge(client_header_timeout=3)
    with ExitStack() as stack:
        slow = [stack.enter_context(connected(site)) for _ in range(SLOW)]
        for each in slow:
            each.sendall(beginning)
        started = time.monotonic()
        statuses = [site.get().status for _ in range(100)]
        took = time.monotonic() - started
        drip(slow, b"X-a: b\r\n" if beginning else b"", until=started + 5)
        still_open = [each for each in slow if not closed(each)]

    assert [200] * 100 == statuses
    assert took < 3
    assert [] == still_open


def test_a_slow_body_is_cut(edge: Start) -> None:
    """And the app has never seen that request: its body is read first."""
    site = edge(client_body_timeout=1)
    with connected(site) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx")
        time.sleep(2)

        assert closed(connection)


def test_the_state_of_nginx_is_on_loopback(edge: Start) -> None:
    """Counters for metrics, on a port of their own."""
    site = edge()
    with socket.create_connection(("127.0.0.1", site.state)) as connection:
        connection.sendall(b"GET /stub_status HTTP/1.0\r\n\r\n")

        assert b"Active connections" in connection.makefile("rb").read()


def connected(site: Edge) -> socket.socket:
    return socket.create_connection(("127.0.0.1", site.balancer.port), timeout=10)
