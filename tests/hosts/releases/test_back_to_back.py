"""Release after release while people are served: ASGI and WSGI, with WebSockets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from math import inf

import pytest

from slackwater.lab import Lab
from tests.hosts.converge.running import count, rate
from tests.hosts.releases.site import Site, nothing_lost, traffic

ShortLived = Callable[..., AbstractContextManager[Lab]]

RATE = rate(300)
RTT = 0.04
KINDS = {
    "asgi": ("shop", {}, "server = Server()"),
    # 300 requests/s of 92 ms are 28 at a time: threads for them, or it is overload that is tested.
    "wsgi": ("kiosk", {"interface": "wsgi", "entrypoint": "kiosk.main:app"}, "server = Server(threads=40)"),
}


@pytest.fixture(scope="module", params=KINDS)
def pair(request: pytest.FixtureRequest, lab: ShortLived, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One app host behind a balancer, of each kind, and three releases to go round."""
    example, words, server = KINDS[request.param]
    with lab(request.param, app=1, balancer=1) as made:
        site = Site(made, tmp_path_factory.mktemp(request.param) / "site", example, words)
        site.tell(stable=0, group=server)
        for name in ("one", "two", "three"):
            site.build(name, {"which.txt": name})
        site.converge()
        yield site


def test_releases_back_to_back(pair: Site) -> None:
    """Half POST, kept connections, 40 ms away: not one lost, not one executed twice."""
    names = ("one", "two", "three")
    with traffic(pair, RATE, keepalive=1.0, rtt=RTT) as people:
        for turn in range(count(100)):
            pair.rollout(names[turn % 3])
    nothing_lost(pair, people)

    assert set(names) <= people.result.releases.keys()
    assert sum(people.result.sent.values()) > RATE * count(100), "the load was too thin to prove anything"
    pair.whole(names[(count(100) - 1) % 3])


def test_on_an_idle_fleet_nothing_reaches_the_old_release_after_three_seconds(pair: Site) -> None:
    """Only kept connections could; they are closed by then, and the old slot may be stopped."""
    pair.rollout("one")
    with traffic(pair, 2, keepalive=1.0) as people:
        pair.rollout("two")
        time.sleep(6)
    nothing_lost(pair, people)
    seen = people.result

    assert -inf < seen.last_sent_to("one") < seen.first_answer_of("two") + 3 < inf


def test_websockets_are_closed_with_1012_and_come_back(pair: Site) -> None:
    """Spread over seconds, by the release that goes; a WSGI app has none."""
    if pair.example != "shop":
        pytest.skip("the WSGI example has no WebSockets")
    pair.tell("nginx=Nginx(read_timeout=16),", stable=0, group="server = Server(graceful_timeout=8)")
    pair.rollout("one")
    pair.converge()
    with traffic(pair, 50, websockets=20) as people:
        time.sleep(3)
        pair.rollout("two")
        time.sleep(2)
    nothing_lost(pair, people)
    sockets = people.result.websockets

    assert {"1012": 20} == dict(sockets.closes)
    assert 40 == sockets.opened
