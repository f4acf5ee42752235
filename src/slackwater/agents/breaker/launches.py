"""A group's launches, as its scaling activities tell them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

LAUNCH = "Launching a new EC2 instance"
"""How AWS begins the description of a launch:
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-verify-scaling-activity.html"""
OLD = timedelta(days=1)
"""Failures older than this say nothing of a launch today; AWS keeps activities for six weeks."""


class Outcome(Enum):
    """Cancelled ones were abandoned by the launch hook, or taken back by the group."""

    UNDER_WAY = "under way"
    SUCCESSFUL = "successful"
    FAILED = "failed"


OUTCOMES = {"Successful": Outcome.SUCCESSFUL, "Failed": Outcome.FAILED, "Cancelled": Outcome.FAILED}


@dataclass(frozen=True)
class Launch:
    """`ended` is `started` for one that is under way."""

    started: datetime
    ended: datetime
    outcome: Outcome
    reason: str = ""


def launches(activities: Iterable[Mapping[str, Any]]) -> list[Launch]:
    """From what DescribeScalingActivities says; whatever is no launch is left out."""
    return [_launch(one) for one in activities if str(one.get("Description", "")).startswith(LAUNCH)]


def _launch(activity: Mapping[str, Any]) -> Launch:
    outcome = OUTCOMES.get(activity["StatusCode"], Outcome.UNDER_WAY)
    started = activity["StartTime"]
    reason = str(activity.get("StatusMessage") or activity["StatusCode"])
    return Launch(started, activity.get("EndTime") or started, outcome, reason)


def failed_in_a_row(found: Iterable[Launch], now: datetime) -> list[Launch]:
    """Those that failed since the last one that succeeded, the newest first."""
    failed: list[Launch] = []
    for one in sorted(found, key=lambda each: each.ended, reverse=True):
        if one.outcome is Outcome.SUCCESSFUL or now - one.ended > OLD:
            break
        if one.outcome is Outcome.FAILED:
            failed.append(one)
    return failed
