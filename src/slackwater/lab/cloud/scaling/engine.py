"""Moves members through the states that AWS documents: launch, serve, leave."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from slackwater.lab.cloud.errors import AwsError
from slackwater.lab.cloud.scaling import activities
from slackwater.lab.cloud.scaling.books import IN_SERVICE, Books, Group, Member, Values
from slackwater.lab.cloud.scaling.choice import leaves_first
from slackwater.lab.cloud.scaling.health import SICK, Health
from slackwater.lab.cloud.scaling.launcher import Launcher
from slackwater.lab.cloud.scaling.messages import LAUNCH, LAUNCH_ERROR, TERMINATE, Messages, Silent
from slackwater.lab.cloud.scaling.waits import LAUNCHING, TERMINATING, Waits
from slackwater.lab.cloud.scaling.warming import WarmPool
from slackwater.lab.cloud.scaling.wishes import Wishes
from slackwater.lab.cloud.targets import Targets

FIRST_RETRY, LONGEST_RETRY = 1.0, 60.0
# A launch that EC2 refuses is tried again ever more slowly, or a broken template would fill the books.
FAILED = "Launching EC2 instance failed."
UNBALANCED = "One or more target groups not found. Validating load balancer configuration failed."
DIFFERENCE = "an instance was started in response to a difference between desired and actual capacity"
DRAINING = "WaitingForELBConnectionDraining"
DESTINATIONS = (
    ("Warmed:Terminat", "Warmed:Terminated"),
    ("Terminat", "Terminated"),
    ("Detach", "Detached"),
    ("EnteringStandby", "Standby"),
    ("Standby", "Standby"),
    ("Warmed:", "Warmed:Stopped"),
)
"""What an instance reads in its metadata, by the beginning of its state; of all others it is InService."""


class Engine:
    """`lifecycle` False: nothing waits, neither for hooks nor for target groups.

    All calls are made under the cloud's lock.
    """

    def __init__(
        self,
        books: Books,
        launcher: Launcher,
        targets: Targets,
        *,
        lifecycle: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.books, self.launcher, self.targets, self.lifecycle = books, launcher, targets, lifecycle
        self.clock = clock
        self.messages: Messages = Silent()
        self.wishes = Wishes()
        self.waits, self.health, self.warm_pool = Waits(self), Health(self), WarmPool(self)
        self.log: list[tuple[str, str]] = []

    def reconcile(self, group: Group, cause: str = DIFFERENCE) -> None:
        """Launches what is missing and ends what is too many; each missing one is tried once."""
        missing = group.desired - len(group.counted())
        if missing > 0 and "Launch" not in group.suspended:
            launched = [self.launch(group, cause) for _ in range(missing)]
            self.plan_retry(group, all(launched))
        elif missing < -group.surge and "Terminate" not in group.suspended:
            for _ in range(-missing - group.surge):
                if member := leaves_first(group):
                    self.terminate(group, member, "an instance was taken out of service in response to a difference")
        self.warm_pool.fill(group)

    def launch(self, group: Group, cause: str) -> Member | None:
        """None when EC2 refused; the activity says why. Whoever is warm comes first."""
        member = self.warm_pool.take(group, cause) or self.new(group, cause)
        if member:
            group.members.append(member)
            self.move(member, "Pending")
            self.launcher.boot(member.id, partial(self._running, group, member))
        return member

    def new(self, group: Group, cause: str) -> Member | None:
        """An instance of EC2 that is not switched on yet."""
        activity = activities.begin(group, "Launching a new EC2 instance", cause, "PreInService")
        try:
            if refusal := self.wishes.refusal(group.name):
                raise AwsError("InsufficientInstanceCapacity", refusal)
            if not all(map(self.targets.has, group.target_groups)):
                raise AwsError("TargetGroupNotFound", UNBALANCED)
            instance, version, template = self.launcher.launch(group, self._wanted(group))
        except (ClientError, AwsError) as error:
            said = error.message if isinstance(error, AwsError) else error.response["Error"]["Message"]
            activities.end(activity, "Failed", f"{said.rstrip('.')}. {FAILED}")
            self.messages.happened(group, LAUNCH_ERROR, None, activity)
            return None
        names = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": str(version.number)}
        zone, kind = instance["Placement"]["AvailabilityZone"], instance["InstanceType"]
        member = Member(instance["InstanceId"], zone, kind, names, activity=activity)
        member.subnet, member.spot = instance.get("SubnetId"), instance.get("InstanceLifecycle") == "spot"
        member.protected = bool(group.settings.get("NewInstancesProtectedFromScaleIn"))
        activity["Description"] += f": {member.id}"
        activity["Details"] = json.dumps({"Subnet ID": member.subnet, "Availability Zone": zone})
        return member

    def terminate(self, group: Group, member: Member, cause: str, *, hooks: bool = True) -> None:
        """Its target groups drain first, then its hooks hold it. With `hooks` False neither does."""
        if member.is_leaving:
            return None if hooks else self.end(group, member)
        member.actions.clear()
        words = f"Terminating EC2 instance{' from warm pool' if member.pool else ''}: {member.id}"
        member.activity = activities.begin(group, words, cause, "InProgress")
        self.move(member, f"{member.pool}Terminating")
        self.deregister(group, member)
        if hooks:
            return self.when_drained(member, lambda: self.waits.enter(group, member, TERMINATING, self.end))
        return self.end(group, member)

    def when_drained(self, member: Member, then: Callable[[], None]) -> None:
        """A group waits as long as its target groups drain (user guide, lifecycle hooks overview)."""
        if self.lifecycle and self.targets.is_draining(member.id):
            member.activity["StatusCode"], member.then = DRAINING, then
        else:
            member.then = None
            then()

    def deregister(self, group: Group, member: Member) -> None:
        for arn in group.target_groups:
            self.targets.leave(arn, member.id)

    def register(self, group: Group, member: Member) -> None:
        if "AddToLoadBalancer" in group.suspended:
            return
        for arn in filter(self.targets.has, group.target_groups):
            self.targets.register_targets({"TargetGroupArn": arn, "Targets": [{"Id": member.id}]})

    def abandon(self, group: Group, member: Member, why: str) -> None:
        """A launch that is given up: the instance goes without any wait, and another is tried after a while."""
        activities.end(member.activity, "Cancelled", f"Instance failed to complete user's Lifecycle Action: {why}")
        self.messages.happened(group, LAUNCH_ERROR, member, member.activity)
        self.terminate(
            group, member, "an instance was taken out of service in response to an abandoned launch", hooks=False
        )
        self.plan_retry(group, False)

    def tick(self) -> None:
        """What time does: waits run out, targets have drained, the sick are replaced, launches are tried again."""
        for group, member in self.books.members():
            if member.then and not member.actions:
                self.when_drained(member, member.then)
            self.waits.expire(group, member)
        for group in list(self.books.groups.values()):
            self.health.look(group)
            self._end_the_risky(group)
            if (group.retry and self.clock() >= group.retry[0]) or self._is_too_large(group):
                self.reconcile(group)

    def _is_too_large(self, group: Group) -> bool:
        """Who was still on the way in when the group shrank could not leave then."""
        return len(group.counted()) > group.desired + group.surge

    def _end_the_risky(self, group: Group) -> None:
        """As soon as whoever was launched in their place serves."""
        risky, there = group.at_risk(), group.counted()
        since = min((each.at_risk_since for each in risky), default=0.0)
        ready = [each for each in there if each.since >= since and self._is_ready(group, each)]
        others = [each for each in there if each.state == IN_SERVICE and each.since < since]
        needed = min(len(risky), max(0, group.desired - len(others)))
        if "Terminate" not in group.suspended and len(there) >= group.desired and len(ready) >= needed:
            for member in risky:
                why = "a health check" if member.health == SICK else "a rebalance"
                self.terminate(group, member, f"an instance was taken out of service in response to {why}")

    def _is_ready(self, group: Group, member: Member) -> bool:
        """Who is new must be healthy and, with an instance maintenance policy, warmed up."""
        careful = "InstanceMaintenancePolicy" in group.settings
        pause = float(group.settings.get("DefaultInstanceWarmup", 0)) if careful else 0.0
        warm = member.since + max(0.0, pause) <= self.clock()
        return member.state == IN_SERVICE and member.health != SICK and warm

    def lost(self, instance: str) -> None:
        """Somebody terminated it in EC2; no hook holds what is gone."""
        for group, member in self.books.members():
            if member.id == instance:
                cause = "an EC2 health check indicated that it has been terminated or stopped"
                member.activity = activities.begin(group, f"Terminating EC2 instance: {member.id}", cause, "InProgress")
                self.end(group, member)
                self.reconcile(group)

    def refresh(self, group: Group) -> Any:
        """The one that is going on."""
        return next((each for each in group.refreshes if each.is_active), None)

    def plan_retry(self, group: Group, well: bool) -> None:
        if well:
            group.retry = None
        else:
            pause = min(LONGEST_RETRY, group.retry[1] * 2) if group.retry else FIRST_RETRY
            group.retry = (self.clock() + pause, pause)

    def in_service(self, group: Group, member: Member) -> None:
        self.serve(group, member)
        self.messages.happened(group, LAUNCH, member, member.activity)

    def serve(self, group: Group, member: Member) -> None:
        self.register(group, member)
        member.since = self.clock()
        self.move(member, IN_SERVICE)
        activities.end(member.activity)

    def end(self, group: Group, member: Member) -> None:
        self.launcher.terminate(member.id)
        member.actions.clear()
        member.then = None
        self.move(member, f"{member.pool}Terminated")
        activities.end(member.activity)
        self.messages.happened(group, TERMINATE, member, member.activity)
        group.forget(member)

    def move(self, member: Member, state: str) -> None:
        member.state = state
        self.launcher.registry.say(member.id, _destination(state))
        self.log.append((member.id, state))

    def _wanted(self, group: Group) -> Values:
        active = self.refresh(group)
        return active.wanted(group) if active else group.settings

    def _running(self, group: Group, member: Member) -> None:
        if member.state != "Pending":
            return None  # it was given up while it booted
        if self.wishes.abandons(group.name):
            return self.abandon(group, member, "the test wants this launch abandoned")
        if self.wishes.never_healthy(member.template):
            member.health = "Unhealthy"
        return self.waits.enter(group, member, LAUNCHING, self.in_service)


def _destination(state: str) -> str:
    return next((word for beginning, word in DESTINATIONS if state.startswith(beginning)), IN_SERVICE)
