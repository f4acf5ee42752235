"""Workers as instances of a scaling group: what waits is its metric, and it takes them out without losing a task."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from slackwater.lab.cloud import cloud
from slackwater.lab.cloud.scaling.hooks import COMPLETED
from tests.hosts.balancers.desk import measured, until
from tests.hosts.converge.running import LONG, LONG_ONLY, count
from tests.hosts.drain.bench import LIMIT
from tests.hosts.drain.standing import Standing
from tests.hosts.workers.conftest import Counted, Works
from tests.hosts.workers.group import LEAVER, Group

TASKS, SCALE_INS = 200, 6
WAITING = 240
"""More than eight processes do in a minute: the agents publish once in one."""


@pytest.fixture(scope="module")
def group(works: Works, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    machines = Standing(works.lab, works.hosts())
    with cloud(tmp_path_factory.mktemp("cloud"), lifecycle=True, machines=machines) as endpoint:
        made = Group(works, endpoint, machines)
        made.furnish()
        yield made
        assert [] == endpoint.uncovered


@LONG_ONLY
def test_what_waits_is_published_by_the_instance(group: Group) -> None:
    """The tasks that nobody has reserved, divided by the instances in service."""
    ordered = group.site.send(WAITING, "metric")
    until(lambda: max(group.published("backlog_per_instance"), default=0) > 0, "a value", limit=180)
    said = group.published("backlog_per_instance")
    group.site.wait_for(ordered)

    assert 0 < max(said) <= len(ordered) / 2


def test_the_group_takes_an_instance_out_and_loses_no_task(group: Group) -> None:
    """Its hook is told when the workers have stopped; what they had not finished others do."""
    ordered, leavers, begun = group.site.send(TASKS if LONG else 60, "group"), [], time.monotonic()
    for _ in range(count(SCALE_INS)):
        leavers.append(group.scale_in())
        group.scale_out()
    said = group.site.wait_for(ordered, limit=600)
    told = Counted.of(ordered, said)
    measured(f"{told}; {len(leavers)} scale-ins of {LEAVER} by its group, {time.monotonic() - begun:.0f} s")

    assert (0, 0) == (told.lost, told.twice)
    assert [[("CONTINUE", COMPLETED.format("CONTINUE"))]] * len(leavers) == [group.ended_waits(one) for one in leavers]
    assert all("Terminating:Wait" in group.path(leaver) for leaver in leavers)


def test_a_host_that_rebooted_while_it_was_out_works_again(group: Group) -> None:
    """Its workers ran on when the recommendation came, and the boot started none: the host is called back with them."""
    view = group.endpoint.cloud.metadata(group.machines.instance(LEAVER))
    group.endpoint.cloud.recommend_rebalance(view.id)
    until(lambda: is_held(group.leave()), group.leave, LIMIT)
    works_on = group.site.units(LEAVER)
    group.site.lab.host(LEAVER).reboot()
    until(lambda: is_held(group.leave()), group.leave, LIMIT)
    booted = group.site.units(LEAVER)
    view.rebalance = None
    until(lambda: group.site.units(LEAVER) != [], group.leave, LIMIT)
    until(lambda: group.leave().get("state") == "serving", group.leave, LIMIT)

    assert works_on == group.site.units(LEAVER) != []
    assert [] == booted


def is_held(leave: dict[str, Any]) -> bool:
    return leave.get("state") == "draining" and bool(leave["is_held"])
