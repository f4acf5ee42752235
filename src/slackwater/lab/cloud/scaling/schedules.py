"""Scheduled actions, one book a group. They are kept and described; nothing fires them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slackwater.lab.cloud.errors import invalid
from slackwater.lab.cloud.scaling.books import Books, Values, now, page

SIZES = ("MinSize", "MaxSize", "DesiredCapacity")


class Schedules:
    """Two groups may have actions of the same name."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def put_scheduled_update_group_action(self, asked: Values) -> None:
        group, name = self.books.group(asked["AutoScalingGroupName"]), asked["ScheduledActionName"]
        _check(asked)
        rest = f"autoScalingGroupName/{group.name}:scheduledActionName/{name}"
        before = group.schedules.get(name)
        arn = before["ScheduledActionARN"] if before else self.books.arn("scheduledUpdateGroupAction", rest)
        action = {**asked, "AutoScalingGroupName": group.name, "ScheduledActionARN": arn}
        if moment := asked.get("StartTime") or asked.get("Time"):
            action["StartTime"] = action["Time"] = moment
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


def _check(asked: Values) -> None:
    if not any(name in asked for name in SIZES):
        raise invalid("You must specify at least one of MinSize, MaxSize, or DesiredCapacity.")
    if "Recurrence" in asked and len(asked["Recurrence"].split()) != 5:
        raise invalid(f"Given recurrence string: {asked['Recurrence']} is invalid")
    if "Recurrence" not in asked and not (asked.get("StartTime") or asked.get("Time")):
        raise invalid("Either Recurrence or StartTime must be specified")
    start, end = asked.get("StartTime") or asked.get("Time"), asked.get("EndTime")
    if start and start < now():
        raise invalid("Given start time is in the past")
    if start and end and end <= start:
        raise invalid("End time must be after start time")
    try:
        ZoneInfo(asked.get("TimeZone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise invalid(f"Invalid time zone: {asked['TimeZone']}") from error
