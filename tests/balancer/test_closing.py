"""What nginx does with clients' kept connections before its end in order."""

from __future__ import annotations

import http.client
import time
from collections import Counter

import pytest
from websockets.sync.client import connect
from websockets.sync.server import Server

from slackwater.agents.closing import close_kept
from slackwater.agents.slots.counters import kept
from slackwater.lab.load import Load, running
from tests.balancer.backends import Backends
from tests.balancer.conftest import Start
from tests.balancer.site import Site, member, until

COUNTERS = "location = /stub_status { stub_status; }"


def place(site: Site) -> tuple[str, int]:
    return "127.0.0.1", site.port


def test_an_answer_closes_the_connection_that_it_came_on(start: Start, apps: Backends) -> None:
    """It says so, as RFC 9112 wants it; a client that hears it sends nothing more there."""
    site = start()
    site.put([member(apps.add("127.0.0.11").address, apps.port)])
    connection = http.client.HTTPConnection(*place(site))
    said = []
    for _ in range(2):
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        said.append(answer.headers["Connection"])
        assert (200, {}) == site.ask("PUT", "/closing")
    connection.close()

    assert ["keep-alive", "close"] == said


def test_a_reload_does_not_forget_it_and_a_start_does(start: Start, apps: Backends) -> None:
    """It belongs to this nginx, until that has ended."""
    site = start()
    site.put([member(apps.add("127.0.0.11").address, apps.port)])
    site.ask("PUT", "/closing")
    site.reload()
    site.request()

    assert "close" == spoken(site)

    site.stop()
    site.begin()

    assert "keep-alive" == spoken(site)


def spoken(site: Site) -> str:
    connection = http.client.HTTPConnection(*place(site))
    connection.request("GET", "/")
    try:
        return connection.getresponse().headers["Connection"]
    finally:
        connection.close()


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_it_is_put_and_nothing_else(start: Start, method: str) -> None:
    """A look at the API changes nothing."""
    site = start()

    assert (405, {"error": "only PUT is answered here"}) == site.ask(method, "/closing")
    assert "keep-alive" == spoken(site)


def test_a_websocket_may_still_begin(start: Start, echoing: Server) -> None:
    """Its handshake's answer is no answer that closes anything."""
    site = start()
    site.put([member(*echoing.socket.getsockname())])
    site.ask("PUT", "/closing")
    with connect(f"ws://127.0.0.1:{site.port}/ws") as socket:
        socket.send("one")

        assert "one" == socket.recv(5)


def test_nobody_is_cut_when_nginx_ends_after_it(start: Start, apps: Backends) -> None:
    """Everybody who was busy on a kept connection has left it by then."""
    site = start(more=COUNTERS)
    site.put([member(apps.add("127.0.0.11").address, apps.port)])
    with running(Load(site.url, rate=100, seconds=20, posts=0.5, keepalive=1.0)) as traffic:
        until(lambda: (kept(place(site)) or 0) > 0, "nobody keeps a connection")
        close_kept(site.socket, place(site), least=1.0, most=5.0)
        until(lambda: kept(place(site)) == 0, "somebody still keeps a connection")
        result = traffic.stop()

    assert Counter() == result.lost


def test_it_waits_no_longer_than_it_may(start: Start, apps: Backends) -> None:
    """A client that is silent is told nothing, and does not keep nginx from its end."""
    site = start(more=COUNTERS)
    site.put([member(apps.add("127.0.0.11").address, apps.port)])
    silent = http.client.HTTPConnection(*place(site))
    silent.request("GET", "/")
    silent.getresponse().read()
    begun = time.monotonic()
    close_kept(site.socket, place(site), least=0.2, most=1.0)

    assert 1.0 <= time.monotonic() - begun < 5
    until(lambda: kept(place(site)) == 1, "another connection than the silent one is kept")
    silent.close()


def test_a_nginx_that_does_not_answer_is_no_reason_to_wait(make: Start) -> None:
    """The caller ends it all the same."""
    with pytest.raises(OSError, match="No such file"):
        close_kept(make().socket, ("127.0.0.1", 1))
