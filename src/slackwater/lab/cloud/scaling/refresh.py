"""One instance refresh: what it replaces, with what, and how it stands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from slackwater.lab.cloud.scaling.books import Group, Member, Values, now

PATIENCE = 3
"""Looks at instances that do not become healthy, until the refresh fails; AWS gives them about an hour."""
LONGEST_PATIENCE = 3600.0
"""Seconds, where time passes (user guide, "How an instance refresh works")."""
LAUNCHED_FROM = ("LaunchTemplate", "MixedInstancesPolicy")


class Status(Enum):
    """As AWS spells them."""

    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    BAKING = "Baking"
    SUCCESSFUL = "Successful"
    FAILED = "Failed"
    CANCELLING = "Cancelling"
    CANCELLED = "Cancelled"
    ROLLING_BACK = "RollbackInProgress"
    ROLLED_BACK = "RollbackSuccessful"
    ROLLBACK_FAILED = "RollbackFailed"


ACTIVE = {Status.PENDING, Status.IN_PROGRESS, Status.BAKING, Status.CANCELLING, Status.ROLLING_BACK}
MOVING = {Status.IN_PROGRESS, Status.ROLLING_BACK}


@dataclass
class Refresh:
    """`old` are the instances still to be replaced, `incoming` those that were launched for them.

    `there` were the group's when it began, and `warm` its warm pool's. In time: `until` then it holds, and nothing
    has come of it since `stuck`.
    """

    id: str
    group: str
    preferences: Values
    desired: Values | None
    previous: Values
    old: list[str]
    status: Status = Status.PENDING
    reason: str | None = None
    total: int = 0
    incoming: list[str] = field(default_factory=list)
    launched: list[str] = field(default_factory=list)
    held: set[int] = field(default_factory=set)
    stalled: int = 0
    there: frozenset[str] = frozenset()
    warm: frozenset[str] = frozenset()
    until: float = 0.0
    stuck: float | None = None
    started: datetime = field(default_factory=now)
    ended: datetime | None = None
    rollback: Values | None = None

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def is_rolling_back(self) -> bool:
        return self.rollback is not None

    @property
    def percentage(self) -> int:
        return 100 if not self.total else 100 * (self.total - len(self.old)) // self.total

    def wanted(self, group: Group) -> Values:
        """What new instances are launched from while it lasts."""
        if self.is_rolling_back:
            return self.previous
        return self.desired or group.settings

    def batch(self, group: Group) -> tuple[int, bool]:
        """How many at once, and whether new ones come before old ones go."""
        low, high = self.preferences["MinHealthyPercentage"], self.preferences["MaxHealthyPercentage"]
        surplus = math.floor(group.desired * (high - 100) / 100) if high > 100 else 0
        spare = group.desired - math.ceil(group.desired * low / 100)
        before = low == 100 or (spare == 0 and surplus > 0)
        number = max(1, surplus if before else spare)
        return min(number, len(self.old), self._until_checkpoint()), before

    def checkpoint(self) -> int | None:
        """The highest that is reached, unless it has been held at."""
        reached = max((each for each in self._checkpoints() if self.percentage >= each), default=None)
        return None if reached in self.held else reached

    @property
    def ends_here(self) -> bool:
        """At a last checkpoint below 100 % nobody else is replaced."""
        return any(each in self.held and each < 100 for each in self._checkpoints()[-1:])

    def _checkpoints(self) -> list[int]:
        return list(self.preferences.get("CheckpointPercentages", []))

    def _until_checkpoint(self) -> int:
        """A batch never runs past the next checkpoint."""
        done = self.total - len(self.old)
        ahead = [math.ceil(self.total * each / 100) - done for each in self._checkpoints()]
        return min([each for each in ahead if each > 0], default=len(self.old))

    def begin_rollback(self, why: str, group: Group) -> None:
        """Whatever was launched so far goes; what it replaced comes back as new instances."""
        self.rollback = {
            "RollbackReason": why,
            "RollbackStartTime": now(),
            "PercentageCompleteOnRollback": self.percentage,
            "InstancesToUpdateOnRollback": len(self.old),
        }
        self.status, self.reason, self.stalled, self.incoming = Status.ROLLING_BACK, why, 0, []
        launched = set(self.launched)
        self.old = [each.id for each in group.members if each.id in launched]
        self.total, self.launched = len(self.old), []
        self.look_at(group)
        self.stuck, self.until = None, 0.0

    def look_at(self, group: Group) -> None:
        """Who is there from now on is no newcomer."""
        self.there, self.warm = frozenset(each.id for each in group.members), frozenset(each.id for each in group.warm)

    def finish(self, status: Status, reason: str | None = None) -> None:
        self.status, self.reason, self.ended = status, reason or self.reason, now()

    def described(self) -> Values:
        said: Values = {
            "InstanceRefreshId": self.id,
            "AutoScalingGroupName": self.group,
            "Status": self.status.value,
            "StatusReason": self.reason,
            "StartTime": self.started,
            "EndTime": self.ended,
            "PercentageComplete": self.percentage,
            "InstancesToUpdate": len(self.old),
            "Preferences": self.preferences,
            "DesiredConfiguration": self.desired,
            "RollbackDetails": self.rollback,
            "Strategy": "Rolling",
        }
        return {name: value for name, value in said.items() if value is not None}


def snapshot(settings: Mapping[str, Any]) -> Values:
    return {name: settings[name] for name in LAUNCHED_FROM if settings.get(name)}


def is_exempt(member: Member, preferences: Values) -> bool:
    """Protected ones and those in standby are left alone unless the preferences say otherwise."""
    if member.state == "Standby":
        return bool(preferences["StandbyInstances"] == "Ignore")
    return member.protected and bool(preferences["ScaleInProtectedInstances"] == "Ignore")
