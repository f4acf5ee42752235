"""Counted: a group that goes in and out, and spot interruptions, while people are served."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from slackwater.lab.load import Running
from tests.hosts.balancers.desk import measured, until
from tests.hosts.converge.running import count, rate
from tests.hosts.drain.bench import LIMIT, LONGEST, Bench
from tests.hosts.releases.site import nothing_lost, traffic

RATE, RTT = rate(300), 0.04
LONG = 0.002
"""Share of the requests that take longest: some are in flight at any moment."""
SPOT_LIMIT = 110.0
"""Seconds from the notice until a host must be out: EC2 ends it after 120."""


@pytest.fixture
def people(bench: Bench) -> Iterator[Running]:
    """Half of them POST, all on kept connections, some of them on WebSockets; nobody loses anything."""
    bench.serving()
    with visited(bench) as running:
        yield running


@contextmanager
def visited(bench: Bench) -> Iterator[Running]:
    words = {"rtt": RTT, "keepalive": 1.0, "long": LONG, "long_ms": LONGEST * 1000, "websockets": 4}
    with traffic(bench.site, RATE, **words) as running:
        time.sleep(2)
        yield running
        time.sleep(2)
    measured(str(running.stop().summary()))
    nothing_lost(bench.site, running)


def test_scale_ins_and_scale_outs_lose_nothing(bench: Bench, people: Running) -> None:
    """Whichever host the group chooses; it launches as many as were asked for, and no other."""
    times, before, seconds = count(100), len(bench.launched()), []
    for _ in range(times):
        leaves = time.monotonic()
        (gone,) = bench.scaled(1)
        bench.gone(gone)
        seconds.append(time.monotonic() - leaves)
        bench.scaled(2)
        bench.serving()
    measured(f"{times} scale-ins, seconds each: {sorted(round(one, 1) for one in seconds)}")

    assert times == len(bench.launched()) - before


def test_spot_interruptions_lose_nothing(bench: Bench, people: Running) -> None:
    """Each host in turn is out long before EC2 takes it; the rest of the two minutes is not waited for."""
    times, seconds = count(50), []
    for turn in range(times):
        bench.name = bench.site.hosts()[turn % 2]
        instance, told = bench.instance, time.monotonic()
        bench.endpoint.cloud.interrupt(instance)
        until(lambda: bench.said().get("state") in {"drained", "done"}, bench.said, LIMIT)
        seconds.append(time.monotonic() - told)
        bench.endpoint.cloud.interrupt(instance, seconds=0)
        bench.gone(instance)
        bench.serving()
    measured(f"{times} interruptions, seconds until out: {sorted(round(one, 1) for one in seconds)}")

    assert SPOT_LIMIT > max(seconds)
