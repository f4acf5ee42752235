"""Scheduled actions, one book a group, and what they do when their time comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slackwater.lab.cloud.errors import invalid
from slackwater.lab.cloud.scaling.books import Books, Group, Values, page
from slackwater.lab.cloud.scaling.engine import Engine
from slackwater.lab.cloud.scaling.recurrence import Recurrence
from slackwater.lab.cloud.times import Times
from slackwater.settings.scaling._cron import is_cron

SIZES = ("MinSize", "MaxSize", "DesiredCapacity")
PROCESS = "ScheduledActions"


class Schedules:
    """Two groups may have actions of the same name. `StartTime` is always the next run."""

    def __init__(self, books: Books, engine: Engine, times: Times) -> None:
        self.books, self.engine, self.times = books, engine, times

    def put_scheduled_update_group_action(self, asked: Values) -> None:
        group, name = self.books.group(asked["AutoScalingGroupName"]), asked["ScheduledActionName"]
        _check(asked, self.times.moment())
        rest = f"autoScalingGroupName/{group.name}:scheduledActionName/{name}"
        before = group.schedules.get(name)
        arn = before["ScheduledActionARN"] if before else self.books.arn("scheduledUpdateGroupAction", rest)
        action = {**asked, "AutoScalingGroupName": group.name, "ScheduledActionARN": arn}
        _put_next(action, asked.get("StartTime") or asked.get("Time") or _next(action, self.times.moment()))
        group.schedules[name] = action

    def describe_scheduled_actions(self, asked: Values) -> Mapping[str, Any]:
        one, names = asked.get("AutoScalingGroupName"), asked.get("ScheduledActionNames", [])
        groups = [self.books.group(one)] if one else list(self.books.groups.values())
        found = [each for group in groups for name, each in group.schedules.items() if not names or name in names]
        some, more = page(found, asked)
        return {"ScheduledUpdateGroupActions": some, "NextToken": more}

    def delete_scheduled_action(self, asked: Values) -> None:
        group = self.books.group(asked["AutoScalingGroupName"])
        if group.schedules.pop(asked["ScheduledActionName"], None) is None:
            raise invalid(f"Scheduled action name not found: {asked['ScheduledActionName']}")

    def tick(self) -> None:
        """What is due, in the order of its times, however far the clock was turned."""
        for group in list(self.books.groups.values()):
            while due := self._due(group):
                self._run(group, due)

    def _due(self, group: Group) -> Values | None:
        now = self.times.moment()
        late = [each for each in group.schedules.values() if each.get("StartTime") and each["StartTime"] <= now]
        return min(late, key=lambda each: each["StartTime"]) if late else None

    def _run(self, group: Group, action: Values) -> None:
        """One whose time passes while the process is suspended is not made up for (user guide, suspended processes)."""
        moment = action["StartTime"]
        following = _next(action, moment)
        if following is None:
            del group.schedules[action["ScheduledActionName"]]
        else:
            _put_next(action, following)
        if PROCESS not in group.suspended:
            self._resize(group, action, moment)

    def _resize(self, group: Group, action: Values, moment: datetime) -> None:
        """A size that is not given stays, and the desired one within the limits; what cannot be is not done."""
        sizes = {name: int(action[name] if name in action else group.settings[name]) for name in SIZES}
        if sizes["MinSize"] > sizes["MaxSize"]:
            return
        wanted = min(max(sizes["DesiredCapacity"], sizes["MinSize"]), sizes["MaxSize"])
        before, group.settings = group.desired, {**group.settings, **sizes, "DesiredCapacity": wanted}
        change = f"changing the desired capacity from {before} to {wanted}"
        cause = f"the scheduled action {action['ScheduledActionName']} of {moment:%Y-%m-%dT%H:%M:%SZ} was executed"
        self.engine.reconcile(group, f"{cause}, {change}.")


def _next(action: Values, moment: datetime) -> datetime | None:
    """After that; None for what happens once, and for what has ended."""
    if "Recurrence" not in action:
        return None
    found = Recurrence(action["Recurrence"], action.get("TimeZone", "UTC")).after(moment)
    return None if found and action.get("EndTime") and found > action["EndTime"] else found


def _put_next(action: Values, moment: datetime | None) -> None:
    if moment:
        action["StartTime"] = action["Time"] = moment


def _check(asked: Values, now: datetime) -> None:
    if not any(name in asked for name in SIZES):
        raise invalid("You must specify at least one of MinSize, MaxSize, or DesiredCapacity.")
    if "Recurrence" in asked and not is_cron(asked["Recurrence"]):
        raise invalid(f"Given recurrence string: {asked['Recurrence']} is invalid")
    if "Recurrence" not in asked and not (asked.get("StartTime") or asked.get("Time")):
        raise invalid("Either Recurrence or StartTime must be specified")
    _check_moments(asked.get("StartTime") or asked.get("Time"), asked.get("EndTime"), now)
    try:
        ZoneInfo(asked.get("TimeZone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise invalid(f"Invalid time zone: {asked['TimeZone']}") from error


def _check_moments(start: datetime | None, end: datetime | None, now: datetime) -> None:
    if start and start < now:
        raise invalid("Given start time is in the past")
    if start and end and end <= start:
        raise invalid("End time must be after start time")
