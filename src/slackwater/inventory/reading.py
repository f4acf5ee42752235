"""Reads who is in an Auto Scaling group now, and where; it changes nothing.

The states are those of https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slackwater.agents.scaling_groups import groups, instances
from slackwater.aws.clients import Clients, explained
from slackwater.aws.tags import as_dict
from slackwater.errors import CloudError, SettingsError
from slackwater.inventory.member import Member

GROUPS_TAG = "slackwater:groups"
"""Of an instance: the groups of the inventory that it is in, with spaces or commas between."""


@dataclass(frozen=True)
class Reading:
    """`absent` are groups that AWS does not know (yet)."""

    members: tuple[Member, ...]
    absent: tuple[str, ...] = ()


def read(names: Sequence[str], region: str, endpoint: str | None = None) -> Reading:
    """Every instance of the groups in whatever state. Raises CloudError when AWS cannot be asked."""
    refuse_no_name(names)
    try:
        with explained(f"the members of {', '.join(names)}"):
            return _read(Clients(region, endpoint), names)
    except ImportError as error:
        raise CloudError("boto3 is not installed here: install slackwater[deploy]") from error


def refuse_no_name(names: Sequence[str]) -> None:
    """AWS takes an empty list for every group of the region, and a run would change the hosts of others."""
    if not names or not all(name.strip() for name in names):
        given = ", ".join(map(repr, names)) or "none"
        raise SettingsError(f"scaling_group_hosts must name at least one Auto Scaling group, and none by '': {given}")


def _read(clients: Clients, names: Sequence[str]) -> Reading:
    found = groups(clients.pages, names)
    states = [(group["AutoScalingGroupName"], entry) for group in found for entry in group.get("Instances", [])]
    described = instances(clients.pages, [entry["InstanceId"] for _, entry in states])
    known = {one["InstanceId"]: one for one in described}
    members = (_member(group, entry, known.get(entry["InstanceId"], {})) for group, entry in states)
    there = {group["AutoScalingGroupName"] for group in found}
    return Reading(tuple(sorted(members, key=_order)), tuple(name for name in names if name not in there))


def _member(group: str, entry: dict[str, Any], instance: dict[str, Any]) -> Member:
    tags = as_dict(instance.get("Tags", []))
    return Member(
        instance=entry["InstanceId"],
        scaling_group=group,
        state=entry["LifecycleState"],
        zone=entry.get("AvailabilityZone", ""),
        private=instance.get("PrivateIpAddress") or instance.get("Ipv6Address"),
        public=instance.get("PublicIpAddress"),
        name=tags.get("Name") or None,
        groups=tuple(tags.get(GROUPS_TAG, "").replace(",", " ").split()),
    )


def _order(member: Member) -> tuple[str, str]:
    return member.scaling_group, member.instance
