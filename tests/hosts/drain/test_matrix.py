"""The drain under each fault of the matrix: nobody loses a request but those whom no drain could have saved."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from slackwater.agents.drain.causes.spot import SPOT
from slackwater.lab.cloud.scaling.hooks import COMPLETED
from slackwater.lab.cloud.scaling.waits import TIMED_OUT
from tests.hosts.balancers.desk import measured, until
from tests.hosts.converge.running import LONG
from tests.hosts.drain.bench import LIMIT, Bench
from tests.hosts.drain.rows import UNDRAIN, End, Row, spot, table
from tests.hosts.drain.watching import Watch
from tests.hosts.releases.site import nothing_lost, traffic

RATE, RTT = 120 if LONG else 60, 0.04
ROWS = [row for row in table() if LONG or row.daily]


@pytest.fixture
def rested(bench: Bench) -> Iterator[Bench]:
    """Both hosts serve before a row and after it, whatever has become of it."""
    yield bench
    bench.endpoint.recover()
    bench.waited()
    for name in bench.site.hosts():
        bench.site.lab.host(name).ssh(UNDRAIN)
    bench.serving()


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_fault_during_the_drain_costs_nobody_a_request(rested: Bench, row: Row) -> None:
    """Nothing else is lost, nothing executed twice; the group is told once; what was cut stands in the report."""
    rested.name = rested.site.hosts()[ROWS.index(row) % 2]
    instance = rested.instance
    with row.around(rested), traffic(rested.site, RATE, rtt=RTT) as people:
        time.sleep(1)
        watch = rested.watch(row.at, row.here, partial(row.there, rested))
        begun = time.monotonic()
        row.begin(rested)
        ended(rested, row, instance, watch)
        seconds = time.monotonic() - begun
        watch.stop()
        put_back(rested, row)
        time.sleep(1)
    slow = sum(int(str(one["lost"])) for one in rested.waited())
    measured(f"{row.name}: {seconds:.0f} s, {people.stop().summary()}, of the slow {slow} lost, {watch.steps()}")
    nothing_lost(rested.site, people)

    assert watch.is_met or not row.at, watch.trace
    assert row.slow == slow
    as_reported(rested, row, watch)
    within_spot(row, watch)
    if row.end is End.GONE:
        told_once(rested, row, instance)


def ended(bench: Bench, row: Row, instance: str, watch: Watch) -> None:
    """Waits for it. Who shall serve again serves yet when it is asked to leave: its fault comes first."""
    told = partial(seen, bench, watch)
    if row.end is End.GONE:
        bench.gone(instance)
    elif row.end is End.OUT:
        until(lambda: is_out(bench.said()), told, LIMIT)
    else:
        until(lambda: watch.is_met and is_back(bench.said()), told, LIMIT)


def seen(bench: Bench, watch: Watch) -> tuple[object, ...]:
    return bench.said(), watch.is_met, watch.error, watch.trace


def is_out(said: dict[str, Any]) -> bool:
    return said.get("state") == "drained" and bool(said["is_held"])


def is_back(said: dict[str, Any]) -> bool:
    return said.get("state") == "serving" and not said["starting"]


def put_back(bench: Bench, row: Row) -> None:
    if row.end is End.OUT:
        bench.on(UNDRAIN)
    bench.serving()


def as_reported(bench: Bench, row: Row, watch: Watch) -> None:
    """Each cut that must be named is, and no other."""
    cut = watch.cut() or bench.left_behind().get("cut", []) if row.end is End.GONE else watch.cut()

    assert set(row.cut) == {line.split()[0] for line in cut}, cut


def within_spot(row: Row, watch: Watch) -> None:
    """Once it is known, however long the leave it came into had. At hooks the leave may be over before it is."""
    if row.there is spot:
        assert watch.left("spot") or row.at == "hooks", watch.trace
        assert max(watch.left("spot"), default=0) <= SPOT.limit


def told_once(bench: Bench, row: Row, instance: str) -> None:
    """The instance's own agent has told its group to go on, and the group has gone on once."""
    path, words, left = bench.path(instance), bench.words(instance), bench.left_behind()

    assert ["Terminating", "Terminating:Wait", "Terminating:Proceed", "Terminated"] == path[-4:]
    assert ({"CONTINUE"} if row.is_told else set()) == set(words)
    assert [("CONTINUE", COMPLETED.format("CONTINUE") if row.is_told else TIMED_OUT)] == bench.ended_waits(instance)
    assert not row.again or len(words) > 1
    assert left["state"] in {"done", "drained"} or not (row.is_told and row.is_kept)
