"""Schedules: put, changed by name, taken away; what AWS says of the next run is no drift."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from slackwater.aws.schedules import Schedules, observe_schedules, plan_schedules
from slackwater.settings import Schedule
from tests.aws.resources import Lab, declare, names
from tests.aws.resources import lab as start

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MORNING: dict[str, Any] = {"name": "morning", "cron": "30 7 * * 1-5", "time_zone": "Europe/Berlin", "minimum": 4}
HELD = {"Recurrence": "30 7 * * 1-5", "TimeZone": "Europe/Berlin", "MinSize": 4}
"""The same in AWS's words."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def found(**actions: dict[str, Any]) -> Schedules:
    starts = {name: action.pop("StartTime") for name, action in actions.items() if "StartTime" in action}
    return Schedules(actions, NOW, starts)


def test_schedules_converge_twice_and_rest_once(lab: Lab) -> None:
    """What was put is what is found; another look plans nothing."""
    group = lab.make(
        lab.declare(schedules=[Schedule(**MORNING), Schedule(name="sale", start="2030-11-29T06:00:00Z", desired=4)])
    )

    assert ["put_scheduled_update_group_action: new"] * 2 == lab.run(
        plan_schedules(group, observe_schedules(lab.clients, group))
    )
    assert [] == plan_schedules(group, observe_schedules(lab.clients, group))


def test_a_changed_field_is_put_with_its_drift(lab: Lab) -> None:
    """The reason names what differs, and the schedule is whole again."""
    group = lab.make(lab.declare(schedules=[Schedule(**MORNING)]))
    lab.run(plan_schedules(group, observe_schedules(lab.clients, group)))
    changed = lab.declare(name=group.name, schedules=[Schedule(**{**MORNING, "minimum": 3, "cron": "0 8 * * 1-5"})])

    assert ["put_scheduled_update_group_action: Recurrence 30 7 * * 1-5 -> 0 8 * * 1-5; MinSize 4 -> 3"] == lab.run(
        plan_schedules(changed, observe_schedules(lab.clients, changed))
    )
    assert [] == plan_schedules(changed, observe_schedules(lab.clients, changed))


def test_a_schedule_that_is_no_longer_declared_goes_and_a_siblings_stays(lab: Lab) -> None:
    """Only this group's; one whose name begins alike keeps its own."""
    group = lab.make(lab.declare(name="tide", schedules=[Schedule(**MORNING)]))
    sibling = lab.make(lab.declare(name="tide-b", schedules=[Schedule(**MORNING)]))
    for each in (group, sibling):
        lab.run(plan_schedules(each, observe_schedules(lab.clients, each)))
    bare = lab.declare(name="tide")

    assert ["delete_scheduled_action: no longer declared"] == lab.run(
        plan_schedules(bare, observe_schedules(lab.clients, bare))
    )
    assert {} == observe_schedules(lab.clients, group).actions
    assert ["morning"] == list(observe_schedules(lab.clients, sibling).actions)


def test_the_next_run_that_aws_tells_is_no_drift() -> None:
    """AWS fills in StartTime by itself for what recurs."""
    group = declare(schedules=[Schedule(**MORNING)])
    there = {
        "Recurrence": "30 7 * * 1-5",
        "TimeZone": "Europe/Berlin",
        "MinSize": 4,
        "StartTime": "2026-06-02T05:30:00Z",
    }

    assert [] == plan_schedules(group, found(morning=there))


def test_a_start_that_is_still_to_come_is_compared() -> None:
    """Until then AWS holds it as it was declared."""
    group = declare(schedules=[Schedule(**MORNING, start="2026-07-01T00:00:00Z")])
    there = {"Recurrence": "30 7 * * 1-5", "TimeZone": "Europe/Berlin", "MinSize": 4}

    assert ["put_scheduled_update_group_action: StartTime 2026-06-15T00:00:00Z -> 2026-07-01T00:00:00Z"] == names(
        plan_schedules(group, found(morning={**there, "StartTime": "2026-06-15T00:00:00Z"}))
    )


def test_a_start_in_the_past_is_left_out_of_the_request() -> None:
    """AWS refuses it; what recurs has begun."""
    group = declare(schedules=[Schedule(**MORNING, start="2026-01-01T00:00:00Z")])

    (call,) = plan_schedules(group, found())

    assert "StartTime" not in call.arguments


@pytest.mark.parametrize(
    "over",
    [
        {"start": "2026-05-31T00:00:00Z"},
        {"cron": "0 8 * * *", "end": "2026-05-31T00:00:00Z"},
    ],
)
def test_what_is_over_is_neither_put_nor_deleted(over: dict[str, Any]) -> None:
    """AWS has removed it by itself and would refuse it."""
    group = declare(schedules=[Schedule(name="sale", desired=4, **over)])

    assert [] == plan_schedules(group, found())
    assert [] == plan_schedules(group, found(sale={"DesiredCapacity": 4}))


def test_a_limit_that_is_no_longer_declared_is_taken_back() -> None:
    """AWS would go on setting it."""
    group = declare(schedules=[Schedule(**MORNING)])
    there = {"Recurrence": "30 7 * * 1-5", "TimeZone": "Europe/Berlin", "MinSize": 4, "MaxSize": 9}

    assert [
        "delete_scheduled_action: MaxSize 9 -> none: made anew without it",
        "put_scheduled_update_group_action: MaxSize 9 -> none",
    ] == names(plan_schedules(group, found(morning=there)))


def test_a_limit_is_taken_back_over_http(lab: Lab) -> None:
    """AWS keeps a limit that a later request leaves out: the action is made anew."""
    group = lab.make(lab.declare(schedules=[Schedule(**MORNING, maximum=9)]))
    lab.run(plan_schedules(group, observe_schedules(lab.clients, group)))
    less = lab.declare(name=group.name, schedules=[Schedule(**MORNING)])
    lab.run(plan_schedules(less, observe_schedules(lab.clients, less)))

    assert "MaxSize" not in observe_schedules(lab.clients, less).actions["morning"]
    assert [] == plan_schedules(less, observe_schedules(lab.clients, less))


def test_the_next_run_makes_no_saved_plan_stale(lab: Lab) -> None:
    """AWS moves the start of what recurs each time that it has run."""
    group = lab.make(lab.declare(schedules=[Schedule(**MORNING)]))
    lab.run(plan_schedules(group, observe_schedules(lab.clients, group)))
    before = observe_schedules(lab.clients, group)
    action = {"AutoScalingGroupName": group.name, "ScheduledActionName": "morning"}
    later = datetime.now(UTC) + timedelta(days=9)
    lab.client("autoscaling").put_scheduled_update_group_action(**action, **{**HELD, "StartTime": later})

    assert before == observe_schedules(lab.clients, group)


def test_utc_is_the_time_zone_of_a_schedule_without_one() -> None:
    """AWS may say so or leave it out."""
    group = declare(schedules=[Schedule(name="night", cron="0 22 * * *", maximum=3)])
    there = {"Recurrence": "0 22 * * *", "MaxSize": 3}

    assert [] == plan_schedules(group, found(night=there))
    assert [] == plan_schedules(group, found(night={**there, "TimeZone": "UTC"}))
