"""What AWS says of a group's instance refreshes, and of its instances meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from slackwater.aws.clients import Clients
from slackwater.aws.group import Member

ACTIVE = {"Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress"}
GOING_BACK = {"Cancelling", "RollbackInProgress"}


@dataclass(frozen=True)
class Refresh:
    """`version` is that of the launch template it goes to, None for one that somebody began without naming it.

    `status` and `reason` are AWS's own words; `left` instances are still to be replaced. How far it is is not compared.
    """

    id: str
    status: str = field(compare=False)
    version: str | None
    percentage: int = field(default=0, compare=False)
    left: int = field(default=0, compare=False)
    reason: str = field(default="", compare=False)
    started: str = ""

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    def __str__(self) -> str:
        to = f"to version {self.version}" if self.version else "to no named version"
        return f"refresh {self.id} {to}, {self.status} {self.percentage} %, begun {self.started}"


def observe_active(clients: Clients, name: str) -> Refresh | None:
    """The one that is going on; AWS allows one at a time, and tells the newest first."""
    reply = clients.ask("autoscaling", "describe_instance_refreshes", AutoScalingGroupName=name)
    return next((one for one in map(_refresh, reply["InstanceRefreshes"]) if one.is_active), None)


def observe_refresh(clients: Clients, name: str, which: str) -> Refresh:
    about = {"AutoScalingGroupName": name, "InstanceRefreshIds": [which]}
    (found,) = clients.ask("autoscaling", "describe_instance_refreshes", **about)["InstanceRefreshes"]
    return _refresh(found)


def version_of(settings: Mapping[str, Any] | None) -> str | None:
    """The launch template's version in a group's settings, or in what a refresh goes to."""
    told = settings or {}
    mixed = told.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("LaunchTemplateSpecification")
    version = (mixed or told.get("LaunchTemplate") or {}).get("Version")
    return None if version is None else str(version)


def by_version(members: Iterable[Member]) -> str:
    """For people, of those that stay: "2 of version 1, 1 of version 2"."""
    counts = Counter(member.version or "?" for member in members if not member.is_leaving)
    told = [f"{counts[version]} of version {version}" for version in sorted(counts, key=lambda v: (len(v), v))]
    return ", ".join(told) or "no instances"


def _refresh(found: Mapping[str, Any]) -> Refresh:
    started = found.get("StartTime")
    return Refresh(
        found["InstanceRefreshId"],
        found["Status"],
        version_of(found.get("DesiredConfiguration")),
        int(found.get("PercentageComplete") or 0),
        int(found.get("InstancesToUpdate") or 0),
        found.get("StatusReason") or "",
        f"{started:%Y-%m-%d %H:%M:%S} UTC" if started else "just now",
    )
