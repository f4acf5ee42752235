"""A warm pool in time: how full it is, how its instances are prepared, and who is taken out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from slackwater.lab.cloud.scaling import activities
from slackwater.lab.cloud.scaling.books import Group, Member
from slackwater.lab.cloud.scaling.waits import LAUNCHING

if TYPE_CHECKING:
    from slackwater.lab.cloud.scaling.engine import Engine

STOPPED = ("Stopped", "Hibernated")
READY = {"Warmed:Stopped", "Warmed:Hibernated", "Warmed:Running"}
FILLED = "a user request changed the warm pool."
SHRUNK = "an instance was taken out of the warm pool in response to a difference"


def wanted_size(group: Group) -> int:
    """What is prepared in all, less what the group has (API reference, PutWarmPool)."""
    if group.warm_pool is None:
        return 0
    prepared = int(group.warm_pool.get("MaxGroupPreparedCapacity", group.maximum))
    return max(int(group.warm_pool["MinSize"]), prepared - group.desired)


class WarmPool:
    """The launch hooks hold an instance twice: on its way into the pool, and on its way out into service."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def fill(self, group: Group) -> None:
        """Who leaves no longer counts; the terminate hooks hold it as any other."""
        size, there = wanted_size(group), [each for each in group.warm if not each.is_leaving]
        if "Terminate" not in group.suspended:
            for surplus in there[size:]:
                self.engine.terminate(group, surplus, SHRUNK)
        for _ in range(size - len(there) if "Launch" not in group.suspended else 0):
            member = self.engine.new(group, FILLED)
            if member is None:
                return self.engine.plan_retry(group, False)
            member.pool = "Warmed:"
            group.warm.append(member)
            self.engine.move(member, "Warmed:Pending")
            self.engine.launcher.boot(member.id, partial(self._running, group, member))
        return None

    def take(self, group: Group, cause: str) -> Member | None:
        """Whoever is ready and has waited longest; it is switched on by whoever takes it."""
        member = next((each for each in group.warm if each.state in READY and self._is_wanted(group, each)), None)
        if member:
            group.warm.remove(member)
            member.pool, member.was_warm = "", True
            words = f"Launching a new EC2 instance from warm pool: {member.id}"
            member.activity = activities.begin(group, words, cause, "PreInService")
        return member

    def _is_wanted(self, group: Group, member: Member) -> bool:
        """During a refresh nobody of the version that it replaces comes into service."""
        active = self.engine.refresh(group)
        if active is None:
            return True
        template, version, _ = self.engine.launcher.choose(group, active.wanted(group))
        return (template.id, str(version.number)) == (member.template["LaunchTemplateId"], member.template["Version"])

    def _running(self, group: Group, member: Member) -> None:
        if member.state == "Warmed:Pending":
            self.engine.waits.enter(group, member, LAUNCHING, self._prepared)

    def _prepared(self, group: Group, member: Member) -> None:
        state = str((group.warm_pool or {"PoolState": "Stopped"})["PoolState"])
        if state in STOPPED:
            self.engine.launcher.stop(member.id)
        self.engine.move(member, f"Warmed:{state}")
        activities.end(member.activity)
