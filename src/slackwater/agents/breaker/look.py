"""What AWS says of one group: its tags, its suspended processes, its launches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .launches import OLD, Launch, Outcome, launches

CONNECT_TIMEOUT, READ_TIMEOUT, ATTEMPTS = 3, 10, 3
"""Seconds, seconds, times: the next look is due soon, so one that hangs is given up and counted."""
MOST_PAGES = 20
"""Of a hundred activities each: a service that pages for ever must not keep the look for ever."""


class LookError(Exception):
    """AWS could not be asked, or does not know the group."""


@dataclass(frozen=True)
class Group:
    tags: Mapping[str, str]
    suspended: frozenset[str]
    launches: tuple[Launch, ...]


def aws_client(region: str, endpoint: str | None = None) -> Any:
    """Of boto3's own chain of credentials; on an instance that is its role."""
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise LookError("boto3 is not installed on this host: install python3-boto3") from error
    retries = {"total_max_attempts": ATTEMPTS, "mode": "standard"}
    config = Config(connect_timeout=CONNECT_TIMEOUT, read_timeout=READ_TIMEOUT, retries=retries)
    with_session = boto3.session.Session()
    return with_session.client("autoscaling", region_name=region, endpoint_url=endpoint, config=config)


def look(client: Any, name: str, now: datetime) -> Group:
    """Raises LookError, or what boto3 raises."""
    for found in client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]:
        tags = {tag["Key"]: tag.get("Value") or "" for tag in found.get("Tags", [])}
        suspended = frozenset(process["ProcessName"] for process in found.get("SuspendedProcesses", []))
        return Group(tags, suspended, tuple(_launches(client, name, now)))
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
