"""Connections to backends: kept, and handed through."""

from __future__ import annotations

from collections import Counter

from websockets.sync.client import connect
from websockets.sync.server import Server

from slackwater.lab.load import Load, run
from tests.balancer.backends import Backends
from tests.balancer.conftest import Start
from tests.balancer.site import member, until


def test_connections_are_kept(start: Start, apps: Backends) -> None:
    """Many requests to each of three backends take few connections: without keeping them there would be as many."""
    site, three = start(workers=2), apps.several(3)
    site.put(member(backend.address, apps.port) for backend in three)
    result = run(Load(site.url, rate=200, seconds=2, posts=0, keepalive=0))

    assert Counter() == result.lost
    assert all(backend.connections < len(backend.asked) / 3 for backend in three)


def test_kept_connections_survive_a_change(start: Start, apps: Backends) -> None:
    """A new membership does not make nginx connect anew to who stays."""
    site, two = start(workers=1), apps.several(2)
    for generation in range(20):
        site.put([member(two[0].address, apps.port), member(two[1].address, apps.port, weight=1 + generation)])
        site.request()

    assert [1, 1] >= [backend.connections for backend in two]


def test_websockets(start: Start, echoing: Server) -> None:
    """A WebSocket goes through, is in flight as long as it is open, and stays when its backend leaves."""
    site, place = start(), echoing.socket.getsockname()
    site.put([member(*place)])
    with connect(f"ws://127.0.0.1:{site.port}/ws") as socket:
        socket.send("one")

        assert "one" == socket.recv(5)
        assert {"127.0.0.21": 1} == site.in_flight()

        site.put([member("127.0.0.99", 9)])
        socket.send("two")

        assert "two" == socket.recv(5)
        assert [{"address": place[0], "port": place[1], "in_flight": 1}] == site.get()["leaving"]

    until(lambda: site.get()["leaving"] == [], "closed, and still in flight")
