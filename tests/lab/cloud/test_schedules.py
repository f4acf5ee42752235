"""Scheduled actions in time: once, by a crontab, in a time zone, and not while they are suspended."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slackwater.lab.cloud.scaling.recurrence import Recurrence
from tests.lab.cloud.fleet import UP, Fleet

HOUR, DAY = 3600.0, 86400.0
BERLIN = "Europe/Berlin"
TUESDAY = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)


def put(fleet: Fleet, name: str = "s", **more: Any) -> None:
    fleet.asg.put_scheduled_update_group_action(AutoScalingGroupName="g", ScheduledActionName=name, **more)


def schedules(fleet: Fleet) -> dict[str, dict[str, Any]]:
    found = fleet.asg.describe_scheduled_actions(AutoScalingGroupName="g")["ScheduledUpdateGroupActions"]
    return {each["ScheduledActionName"]: each for each in found}


def sizes(fleet: Fleet) -> tuple[int, int, int]:
    (found,) = fleet.asg.describe_auto_scaling_groups()["AutoScalingGroups"]
    return found["MinSize"], found["DesiredCapacity"], found["MaxSize"]


def in_zone(zone: str, *numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[arg-type, misc]


def test_what_happens_once_happens_and_is_gone(fleet: Fleet) -> None:
    """Limits that are not given stay; the size keeps within them; hooks hold the new as any other."""
    fleet.make([UP])
    put(fleet, StartTime=fleet.endpoint.cloud.now + timedelta(hours=1), MinSize=2)
    fleet.turn(HOUR - 60)
    before = sizes(fleet)
    fleet.turn(120)

    assert ((0, 0, 5), (2, 2, 5)) == (before, sizes(fleet))
    assert ["Pending:Wait"] * 2 == fleet.states()
    assert {} == schedules(fleet)
    assert "scheduled action s" in fleet.activities()[0]["Cause"]


def test_what_recurs_happens_again_until_its_end(fleet: Fleet) -> None:
    """It is described with its next run, and is gone after its last."""
    fleet.make()
    now = fleet.endpoint.cloud.now
    next_hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    put(fleet, Recurrence="0 * * * *", EndTime=next_hour + timedelta(hours=2, minutes=1), DesiredCapacity=1)
    first = schedules(fleet)["s"]["StartTime"]
    seen = []
    for _ in range(4):
        fleet.turn(HOUR)
        seen.append(sizes(fleet)[1])
        fleet.desire(0)

    assert next_hour == first
    assert [1, 1, 1, 0] == seen
    assert {} == schedules(fleet)


def test_a_declared_start_is_the_first_run(fleet: Fleet) -> None:
    """Whatever the crontab says; the next is the crontab's."""
    fleet.make()
    start = (fleet.endpoint.cloud.now + timedelta(days=1)).replace(minute=17, second=0, microsecond=0)
    put(fleet, Recurrence="30 * * * *", StartTime=start, DesiredCapacity=1)
    fleet.turn((start - fleet.endpoint.cloud.now).total_seconds() + 1)

    assert 1 == sizes(fleet)[1]
    assert start.replace(minute=30) == schedules(fleet)["s"]["StartTime"]


def test_runs_of_two_actions_keep_their_order(fleet: Fleet) -> None:
    """A night that passes at once ends as the night would: the later action has the last word."""
    fleet.make()
    now = fleet.endpoint.cloud.now
    put(fleet, "evening", StartTime=now + timedelta(hours=2), DesiredCapacity=0)
    put(fleet, "noon", StartTime=now + timedelta(hours=1), DesiredCapacity=3)
    fleet.turn(DAY)

    assert 0 == sizes(fleet)[1]
    assert 3 == len([each for each in fleet.activities() if each["Description"].startswith("Launching")])


def test_a_run_that_was_suspended_is_not_made_up_for(fleet: Fleet) -> None:
    fleet.make()
    put(fleet, Recurrence="0 * * * *", DesiredCapacity=1)
    fleet.suspend("ScheduledActions")
    fleet.turn(HOUR)
    suspended = sizes(fleet)[1]
    fleet.resume("ScheduledActions")
    resumed = sizes(fleet)[1]
    fleet.turn(HOUR)

    assert (0, 0, 1) == (suspended, resumed, sizes(fleet)[1])


@pytest.mark.parametrize(
    ("text", "zone", "runs"),
    [
        ("30 7 * * 1-5", "UTC", ["2026-11-18 07:30", "2026-11-19 07:30", "2026-11-20 07:30", "2026-11-23 07:30"]),
        ("30 7 * * MON-FRI", BERLIN, ["2026-11-18 06:30", "2026-11-19 06:30"]),
        ("*/20 12 * * *", "UTC", ["2026-11-17 12:20", "2026-11-17 12:40", "2026-11-18 12:00"]),
        ("0 0 1 * *", "UTC", ["2026-12-01 00:00", "2027-01-01 00:00"]),
        ("0 0 13 * 5", "UTC", ["2026-11-20 00:00", "2026-11-27 00:00", "2026-12-04 00:00"]),
        ("0 9 * * 0", "UTC", ["2026-11-22 09:00", "2026-11-29 09:00"]),
        ("0 9 * * 7", "UTC", ["2026-11-22 09:00", "2026-11-29 09:00"]),
        ("0 0 29 2 *", "UTC", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("5/25 12 17 NOV *", "UTC", ["2026-11-17 12:05", "2026-11-17 12:30", "2026-11-17 12:55"]),
    ],
)
def test_a_crontab_is_read_as_cron_reads_it(text: str, zone: str, runs: list[str]) -> None:
    """Names, steps, spans; Sunday is 0 and 7; of two restricted days one suffices."""
    found, moment = [], TUESDAY
    for _ in runs:
        following = Recurrence(text, zone).after(moment)
        assert following is not None
        found.append(f"{(moment := following):%Y-%m-%d %H:%M}")

    assert runs == found


def test_a_day_that_never_comes_has_no_run() -> None:
    assert Recurrence("0 0 30 2 *").after(TUESDAY) is None


def test_it_keeps_to_the_clocks_on_the_wall() -> None:
    """Half past seven stays half past seven; an hour that is skipped has no run, one that comes twice has one."""
    spring, autumn = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)
    early, night = Recurrence("30 7 * * *", BERLIN), Recurrence("30 2 * * *", BERLIN)

    assert in_zone(BERLIN, 2026, 3, 29, 7, 30) == early.after(spring)
    assert in_zone(BERLIN, 2026, 3, 30, 2, 30) == night.after(spring)
    once = night.after(autumn)
    assert in_zone(BERLIN, 2026, 10, 25, 2, 30) == once
    assert once is not None
    assert in_zone(BERLIN, 2026, 10, 26, 2, 30) == night.after(once)


@given(
    st.integers(0, 59), st.integers(0, 23), st.sampled_from(["UTC", BERLIN, "Asia/Kolkata", "America/New_York"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),
)  # fmt: skip
def test_the_next_run_is_later_on_the_minute_and_the_first(minute: int, hour: int, zone: str, at: datetime) -> None:
    """Of a daily one: at that time of the wall, within two days, and none lies between."""
    moment = at.replace(tzinfo=UTC)
    run = Recurrence(f"{minute} {hour} * * *", zone).after(moment)
    assert run is not None
    wall = run.astimezone(ZoneInfo(zone))
    between: list[date] = [
        day
        for number in range((wall.date() - moment.astimezone(ZoneInfo(zone)).date()).days)
        if (day := moment.astimezone(ZoneInfo(zone)).date() + timedelta(days=number))
        and _exists(day, hour, minute, zone) > moment
    ]

    assert (hour, minute, 0) == (wall.hour, wall.minute, wall.second)
    assert moment < run <= moment + timedelta(days=2, hours=1)
    assert [] == between


def _exists(day: date, hour: int, minute: int, zone: str) -> datetime:
    """That time of that day; long ago where a clock change skips it."""
    told = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return told if told.astimezone(ZoneInfo(zone)).hour == hour else datetime(1970, 1, 1, tzinfo=UTC)
