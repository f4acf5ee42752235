"""Schedules: the group's size at certain hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from slackwater.aws.call import Call, drift
from slackwater.aws.clients import Clients
from slackwater.settings import ScalingGroup, Schedule

FIELDS = ("Recurrence", "TimeZone", "MinSize", "MaxSize", "DesiredCapacity", "StartTime", "EndTime")
MOMENT = "%Y-%m-%dT%H:%M:%SZ"
"""As `Schedule` declares it: such texts sort as the moments do."""


@dataclass(frozen=True)
class Schedules:
    """`asked_at` decides whether a declared moment is still to come; a saved plan does not grow stale by it.

    `starts` are those of what recurs, by name: AWS moves them to the next run.
    """

    actions: Mapping[str, Mapping[str, Any]]
    asked_at: datetime = field(compare=False)
    starts: Mapping[str, str] = field(default_factory=dict, compare=False)


def wanted_schedule(group: ScalingGroup, schedule: Schedule, now: str) -> dict[str, Any] | None:
    """The arguments of PutScheduledUpdateGroupAction; None for one that is over."""
    if _is_over(schedule, now):
        return None
    declared = {
        "AutoScalingGroupName": group.name,
        "ScheduledActionName": schedule.name,
        "Recurrence": schedule.cron,
        "TimeZone": schedule.time_zone,
        "MinSize": schedule.minimum,
        "MaxSize": schedule.maximum,
        "DesiredCapacity": schedule.desired,
        # AWS refuses a start in the past; what recurs has begun anyway.
        "StartTime": schedule.start if schedule.start and schedule.start > now else None,
        "EndTime": schedule.end,
    }
    return {each: value for each, value in declared.items() if value is not None}


def _is_over(schedule: Schedule, now: str) -> bool:
    """AWS removes such an action by itself and refuses to take it again."""
    last = schedule.end if schedule.cron else schedule.start
    return last is not None and last <= now


def observe_schedules(clients: Clients, group: ScalingGroup) -> Schedules:
    described = clients.pages(
        "autoscaling", "describe_scheduled_actions", "ScheduledUpdateGroupActions", AutoScalingGroupName=group.name
    )
    actions = {each["ScheduledActionName"]: _found(each) for each in described}
    starts = {name: each.pop("StartTime") for name, each in actions.items() if {"StartTime", "Recurrence"} <= set(each)}
    return Schedules(dict(sorted(actions.items())), datetime.now(UTC), starts)


def _found(described: Mapping[str, Any]) -> dict[str, Any]:
    moments = {each: described[each].strftime(MOMENT) for each in ("StartTime", "EndTime") if described.get(each)}
    return {**{each: described[each] for each in FIELDS if each in described}, **moments}


def plan_schedules(group: ScalingGroup, found: Schedules) -> list[Call]:
    now = found.asked_at.strftime(MOMENT)
    wanted = [wanted_schedule(group, schedule, now) for schedule in group.schedules]
    names = {schedule.name for schedule in group.schedules}
    puts = [call for each in wanted if each for call in _put(group, each, _there(found, each["ScheduledActionName"]))]
    return [*puts, *(_delete(group, name) for name in found.actions if name not in names)]


def _there(found: Schedules, name: str) -> dict[str, Any] | None:
    action, start = found.actions.get(name), found.starts.get(name)
    return None if action is None else {**action, **({"StartTime": start} if start else {})}


def _put(group: ScalingGroup, wanted: Mapping[str, Any], found: Mapping[str, Any] | None) -> list[Call]:
    """AWS keeps what a request leaves out: an action that has too much is made anew."""
    changes = ["new"] if found is None else _changes(wanted, found)
    if not changes:
        return []
    put = Call("autoscaling", "put_scheduled_update_group_action", wanted, "; ".join(changes))
    surplus = [each for each in FIELDS if each not in (*wanted, "StartTime", "TimeZone") and each in (found or {})]
    reason = f"{'; '.join(drift(dict.fromkeys(surplus), found or {}))}: made anew without it"
    return [_delete(group, wanted["ScheduledActionName"], reason), put] if surplus else [put]


def _changes(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """What was declared before and is not now counts too: AWS keeps a former limit until the action is put anew.

    The start of what recurs is AWS's own, the next time it runs, unless one that is still to come was declared.
    """
    compared = [each for each in FIELDS if each in wanted or (each != "StartTime" and each in found)]
    zone = {"TimeZone": "UTC"}
    return drift({each: {**zone, **wanted}.get(each) for each in compared}, {**zone, **found})


def _delete(group: ScalingGroup, name: str, reason: str = "no longer declared") -> Call:
    arguments = {"AutoScalingGroupName": group.name, "ScheduledActionName": name}
    return Call("autoscaling", "delete_scheduled_action", arguments, reason)
