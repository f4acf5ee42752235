"""What Auto Scaling knows: groups, their members and what hangs on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from slackwater.lab.cloud.errors import invalid

Values = dict[str, Any]
COUNTED = frozenset({"Pending", "Pending:Wait", "Pending:Proceed", "InService"})
"""The states that count towards the desired capacity."""
IN_SERVICE = "InService"


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Action:
    """One outstanding lifecycle action: one hook, one member. Times are the cloud's clock's."""

    hook: Values
    token: str
    deadline: float
    last: float


@dataclass
class Member:
    """One instance of a group; `template` is the version that it was launched from.

    `pool` is `Warmed:` in a warm pool. `then` follows when its target groups have drained, `next` when its hooks have
    continued. `since` is when it came into service, by the cloud's clock. `is_new`: a policy had it launched.
    `is_at_risk`: another was launched in its place, and it no longer counts. `was_warm`: it came out of the warm pool.
    """

    id: str
    zone: str
    type: str
    template: dict[str, str]
    state: str = "Pending"
    health: str = "Healthy"
    protected: bool = False
    subnet: str | None = None
    since: float = 0.0
    is_spared: bool = True
    is_new: bool = False
    is_at_risk: bool = False
    at_risk_since: float = 0.0
    spot: bool = False
    pool: str = ""
    was_warm: bool = False
    launched: datetime = field(default_factory=now)
    activity: Values = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    then: Callable[[], None] | None = None
    next: Callable[[Group, Member], None] | None = None

    @property
    def is_leaving(self) -> bool:
        return "Terminat" in self.state


@dataclass
class Group:
    """`settings` holds what was asked for, under AWS's own names.

    `unproved` target groups were attached later, and none of the members has passed their health checks yet.
    """

    name: str
    arn: str
    settings: Values
    created: datetime = field(default_factory=now)
    members: list[Member] = field(default_factory=list)
    activities: list[Values] = field(default_factory=list)
    tags: dict[str, Values] = field(default_factory=dict)
    hooks: dict[str, Values] = field(default_factory=dict)
    policies: dict[str, Values] = field(default_factory=dict)
    schedules: dict[str, Values] = field(default_factory=dict)
    notifications: dict[str, list[str]] = field(default_factory=dict)
    suspended: dict[str, str] = field(default_factory=dict)
    metrics: list[str] = field(default_factory=list)
    traffic: dict[str, str] = field(default_factory=dict)
    unproved: set[str] = field(default_factory=set)
    refreshes: list[Any] = field(default_factory=list)
    warm_pool: Values | None = None
    warm: list[Member] = field(default_factory=list)
    surge: int = 0
    retry: tuple[float, float] | None = None
    cooled: float = 0.0

    @property
    def minimum(self) -> int:
        return int(self.settings["MinSize"])

    @property
    def maximum(self) -> int:
        return int(self.settings["MaxSize"])

    @property
    def desired(self) -> int:
        return int(self.settings["DesiredCapacity"])

    @desired.setter
    def desired(self, value: int) -> None:
        self.settings["DesiredCapacity"] = value

    @property
    def target_groups(self) -> list[str]:
        return [identifier for identifier, kind in self.traffic.items() if kind == "elbv2"]

    @property
    def subnets(self) -> list[str]:
        return [each.strip() for each in self.settings.get("VPCZoneIdentifier", "").split(",") if each.strip()]

    def at_risk(self) -> list[Member]:
        """Still serving, and gone as soon as whoever was launched in their place does."""
        return [each for each in self.members if each.is_at_risk and each.state == IN_SERVICE]

    def counted(self) -> list[Member]:
        return [each for each in self.members if each.state in COUNTED and not each.is_at_risk]

    def everyone(self) -> list[Member]:
        """With those in the warm pool."""
        return [*self.members, *self.warm]

    def forget(self, member: Member) -> None:
        self.members = [each for each in self.members if each is not member]
        self.warm = [each for each in self.warm if each is not member]

    def member(self, instance: str) -> Member:
        for each in self.members:
            if each.id == instance:
                return each
        raise invalid(f"The instance {instance} is not part of Auto Scaling group {self.name}.")


class Books:
    """All groups of a region."""

    def __init__(self, account: str, region: str) -> None:
        self.account, self.region = account, region
        self.groups: dict[str, Group] = {}

    def group(self, name: str) -> Group:
        """By its name or, as the API allows, by its ARN."""
        for group in self.groups.values():
            if name in (group.name, group.arn):
                return group
        raise invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")

    def arn(self, kind: str, rest: str) -> str:
        return f"arn:aws:autoscaling:{self.region}:{self.account}:{kind}:{uuid4()}:{rest}"

    def members(self) -> Iterator[tuple[Group, Member]]:
        for group in list(self.groups.values()):
            for member in group.everyone():
                yield group, member

    def member(self, instance: str) -> tuple[Group, Member]:
        for group, member in self.members():
            if member.id == instance:
                return group, member
        raise invalid(f"Instance Id not found - No managed instance found for instance ID: {instance}")


def page(found: Iterable[Any], asked: Values, size: int = 50) -> tuple[list[Any], str | None]:
    """One page and the token of the next; a token is the number to go on at."""
    everything = list(found)
    start, count = int(asked.get("NextToken") or 0), int(asked.get("MaxRecords") or size)
    more = start + count < len(everything)
    return everything[start : start + count], str(start + count) if more else None
