"""Backends die under load, with a word and without: what is lost is counted."""

from __future__ import annotations

import time
from collections.abc import Sequence

from slackwater.lab import LabHost, load
from tests.hosts.balancers.desk import Look, cuts, measured, settled, states, until, watched
from tests.hosts.converge.running import count
from tests.hosts.releases.site import Site, traffic

RATE, RTT = 300, 0.04
RESTART = 0.25
"""Seconds: `RestartSec` of an app's unit. Nobody takes what comes in that time; it waits on the socket."""
SENT_MEANWHILE = round(RATE / 2 / 3 * RESTART)
"""POSTs, half of the requests, that one of three hosts is sent in that time."""
BEGUN = "GET: broken off in the answer"
"""Killed between the head of its answer and the end: what the client has begun to read nobody can ask for again."""
WORKERS = 4
"""Of a host in the lab, each of which writes one answer at a time."""
KILL = "date +%s.%N && systemctl kill -s KILL --kill-whom=all 'slackwater-shop@*.service' && date +%s.%N"
"""Between the two moments that it prints all processes of the app died."""


def in_hand(looks: Sequence[Look], begun: float, ended: float) -> int:
    """The most requests that were in flight from the last look before `begun` to the last one before `ended`."""
    last = max(look.when for look in looks if look.when < begun)
    return max(look.in_flight for look in looks if last <= look.when <= ended)


def cut_short(result: load.Result) -> int:
    """GETs whose answer had begun, on new connections and on kept ones: nobody can ask for them again."""
    return sum(number for reason, number in result.reasons.items() if reason.startswith(BEGUN))


def test_a_killed_app_loses_no_get(site: Site, balancer: LabHost) -> None:
    """kill -9 of every process of it; lost are at most the POSTs it had, and of GETs those whose answer had begun."""
    for turn in range(count(10)):
        name = site.hosts()[turn % 3]
        with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
            time.sleep(2)
            with watched(balancer, name, 4) as looks:
                begun, ended = map(float, site.on(name, KILL).split())
            time.sleep(2)
        result, had = people.stop(), in_hand(looks, begun, ended)
        waited = max(look.in_flight for look in looks if look.when > ended)
        measured(f"{name}: {had} in flight at the kill, at most {waited} while it restarted; {result.summary()}")

        assert cut_short(result) == result.lost["GET"], result.summary()
        assert WORKERS >= result.lost["GET"], result.summary()
        assert had + SENT_MEANWHILE >= result.lost["POST"], result.summary()
        settled(balancer, dict.fromkeys(site.hosts(), "up"))


def test_a_host_that_falls_silent_loses_no_get(site: Site, balancer: LabHost) -> None:
    """Its cable is pulled, with requests in flight and connections kept: they are cut and asked elsewhere."""
    for turn in range(count(10)):
        name = site.hosts()[turn % 3]
        place = (site.lab.host(name).address, 8000)
        before = len(cuts(balancer, *place))
        with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
            time.sleep(2)
            site.lab.host(name).network("off")
            took = until(lambda name=name: states(balancer).get(name) == "down", f"{name} down")
            time.sleep(8)
            ended = sum(cuts(balancer, *place)[before:])
            site.lab.host(name).network("on")
            settled(balancer, dict.fromkeys(site.hosts(), "up"))
            time.sleep(2)
        result = people.stop()
        measured(f"{name}: out after {took:.1f} s, {ended} connections cut; {result.summary()}")

        assert ended > 0
        assert 0 == result.lost["GET"], result.summary()


def test_a_host_without_power_loses_no_get_when_it_comes_back(site: Site, balancer: LabHost) -> None:
    """Connections of before its death are closed by then: not one request meets them."""
    with traffic(site, RATE, keepalive=1.0, rtt=RTT) as people:
        time.sleep(2)
        site.lab.host("app-2").power_cut()
        until(lambda: states(balancer).get("app-2") == "down", "app-2 down")
        site.lab.host("app-2").start()
        settled(balancer, dict.fromkeys(site.hosts(), "up"), limit=120)
        before = people.result.lost["POST"]
        time.sleep(5)
    result = people.stop()
    measured(f"{result.summary()}")

    assert 0 == result.lost["GET"], result.summary()
    assert before == result.lost["POST"], "a POST met a connection of before"
