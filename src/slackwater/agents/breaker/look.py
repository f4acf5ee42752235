"""What AWS says of one group: its tags, its suspended processes, its launches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .. import sdk
from .launches import OLD, Launch, Outcome, launches

READ_TIMEOUT, ATTEMPTS = 10, 3
"""Seconds, times: the next look is due soon, so one that hangs is given up and counted."""
MOST_PAGES = 20
"""Of a hundred activities each: a service that pages for ever must not keep the look for ever."""


class LookError(Exception):
    """AWS could not be asked, or does not know the group."""


@dataclass(frozen=True)
class Group:
    tags: Mapping[str, str]
    suspended: frozenset[str]
    launches: tuple[Launch, ...] = ()


def aws_client(region: str, endpoint: str | None = None) -> Any:
    """Of Auto Scaling."""
    return sdk.client("autoscaling", region, endpoint, read_timeout=READ_TIMEOUT, attempts=ATTEMPTS)


def look(client: Any, name: str, now: datetime) -> Group:
    """Raises LookError, or what boto3 raises."""
    return replace(look_at_group(client, name), launches=tuple(_launches(client, name, now)))


def look_at_group(client: Any, name: str) -> Group:
    """Without its launches: one request. Raises as `look` does."""
    for found in client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]:
        tags = {tag["Key"]: tag.get("Value") or "" for tag in found.get("Tags", [])}
        suspended = frozenset(process["ProcessName"] for process in found.get("SuspendedProcesses", []))
        return Group(tags, suspended)
    raise LookError(f"there is no Auto Scaling group {name}")


def _launches(client: Any, name: str, now: datetime) -> list[Launch]:
    """Newest first, no further back than the last success or a day: what is older decides nothing."""
    found: list[Launch] = []
    pages = client.get_paginator("describe_scaling_activities").paginate(AutoScalingGroupName=name)
    for number, page in enumerate(pages):
        more = launches(page["Activities"])
        found += more
        if number == MOST_PAGES or any(one.outcome is Outcome.SUCCESSFUL or now - one.started > OLD for one in more):
            break
    return found
