"""Scaling activities: what a group did, why, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from slackwater.lab.cloud.scaling.books import Books, Group, Values, now, page

LONGEST = 1000
"""AWS keeps six weeks of a group's activities; a group of a test would only grow."""


def begin(group: Group, description: str, cause: str, status: str, **details: str) -> Values:
    """Newest first, as they are described."""
    activity: Values = {
        "ActivityId": str(uuid4()),
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "Description": description,
        "Cause": f"At {now():%Y-%m-%dT%H:%M:%SZ} {cause}",
        "StartTime": now(),
        "StatusCode": status,
        "Progress": 0,
        "Details": json.dumps(details),
    }
    group.activities.insert(0, activity)
    del group.activities[LONGEST:]
    return activity


def end(activity: Values, status: str = "Successful", message: str | None = None) -> None:
    activity.update(StatusCode=status, Progress=100, EndTime=now())
    if message:
        activity["StatusMessage"] = message
        activity["Description"] += f".  Status Reason: {message}"


class Activities:
    """DescribeScalingActivities."""

    def __init__(self, books: Books) -> None:
        self.books, self.deleted = books, list[Group]()

    def keep(self, group: Group) -> None:
        """Activities outlive their group for those who ask with IncludeDeletedGroups."""
        self.deleted.append(group)

    def describe_scaling_activities(self, asked: Values) -> Mapping[str, Any]:
        wanted = set(asked.get("ActivityIds", []))
        found = [each for group in self._groups(asked) for each in group.activities]
        found = [each for each in found if not wanted or each["ActivityId"] in wanted]
        some, more = page(sorted(found, key=lambda each: each["StartTime"], reverse=True), asked, 100)
        return {"Activities": some, "NextToken": more}

    def _groups(self, asked: Values) -> list[Group]:
        if name := asked.get("AutoScalingGroupName"):
            return [self.books.group(name)]
        return [*self.books.groups.values(), *(self.deleted if asked.get("IncludeDeletedGroups") else [])]
