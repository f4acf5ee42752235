"""Who of a group is unhealthy, by EC2's word, the target groups' or a user's, and is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slackwater.lab.cloud.scaling.books import IN_SERVICE, Group, Member

if TYPE_CHECKING:
    from slackwater.lab.cloud.scaling.engine import Engine

SICK = "Unhealthy"
CAUSE = "an instance was taken out of service in response to a health check"


class Health:
    """User guide: "Health checks for instances", "How suspended processes affect other processes"."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def look(self, group: Group) -> None:
        self._give_up_the_stillborn(group)
        if "HealthCheck" not in group.suspended:
            self._mark(group)
        self._replace(group)

    def _give_up_the_stillborn(self, group: Group) -> None:
        """A machine that did not come up is never in service."""
        for member in list(group.everyone()):
            if "Pending" in member.state and not self.engine.launcher.is_on(member.id):
                self.engine.abandon(group, member, "the machine is off")

    def _mark(self, group: Group) -> None:
        there = [each for each in group.members if each.state == IN_SERVICE]
        self._prove(group, there)
        for member in there:
            if not self.engine.launcher.is_on(member.id):
                member.health, member.is_spared = SICK, False  # there is no grace for what is not running
            elif self._is_grown(group, member) and self._fails_a_target_group(group, member):
                member.health = SICK

    def _prove(self, group: Group, there: list[Member]) -> None:
        """A target group that was attached counts from the first member on that passes its checks."""
        if _asks_target_groups(group):
            passed = {arn for arn in group.unproved for each in there if self.engine.targets.passes(arn, each.id)}
            group.unproved -= passed

    def _fails_a_target_group(self, group: Group, member: Member) -> bool:
        proved = [arn for arn in group.target_groups if arn not in group.unproved]
        return _asks_target_groups(group) and any(self.engine.targets.fails(arn, member.id) for arn in proved)

    def _replace(self, group: Group) -> None:
        """One look a retry: an image that never becomes healthy would be launched without end."""
        waits = group.retry and self.engine.clock() < group.retry[0]
        refreshing = self.engine.refresh(group) and not self.engine.lifecycle
        if waits or refreshing or {"ReplaceUnhealthy", "Terminate"} & set(group.suspended):
            return
        there = [each for each in group.counted() if each.state == IN_SERVICE and each.health == SICK]
        sick = [each for each in there if not each.is_spared or self._is_grown(group, each)]
        sick = self._in_turn(group, sick)
        for member in [each for each in sick if not each.is_at_risk]:
            self.engine.terminate(group, member, CAUSE)
        if sick:
            self.engine.plan_retry(group, False)
            planned = group.retry
            self.engine.reconcile(group)
            group.retry = planned

    def _in_turn(self, group: Group, sick: list[Member]) -> list[Member]:
        """Where the maintenance policy has new ones come first, the old stay for so long, few at a time.

        Who came in the place of one that stays, and is no better, goes at once.
        """
        room = _room(group)
        if room is None:
            return sick
        waiting = group.at_risk()
        since = min((each.at_risk_since for each in waiting), default=None)
        failed = [each for each in sick if since is not None and each.since >= since]
        chosen = [each for each in sick if each not in failed][: max(0, room - len(waiting))]
        for member in chosen:
            member.is_at_risk, member.at_risk_since = True, self.engine.clock()
        return [*failed, *chosen]

    def _is_grown(self, group: Group, member: Member) -> bool:
        """The grace period begins when it is in service."""
        return member.since + float(group.settings.get("HealthCheckGracePeriod", 0)) <= self.engine.clock()


def _asks_target_groups(group: Group) -> bool:
    return "ELB" in group.settings.get("HealthCheckType", "EC2")


def _room(group: Group) -> int | None:
    """How many may be there beyond the desired size, one at least; None: the old go first, or nobody has said."""
    policy = group.settings.get("InstanceMaintenancePolicy", {})
    least, most = policy.get("MinHealthyPercentage", 0), policy.get("MaxHealthyPercentage", 100)
    return max(1, group.desired * (most - 100) // 100) if least == 100 and most > 100 else None
