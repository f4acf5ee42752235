"""Moves members through the states that AWS documents: launch, wait for hooks, serve, leave."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Protocol
from uuid import uuid4

from botocore.exceptions import ClientError

from slackwater.lab.cloud.errors import AwsError
from slackwater.lab.cloud.scaling import activities
from slackwater.lab.cloud.scaling.books import IN_SERVICE, Action, Books, Group, Member, Values
from slackwater.lab.cloud.scaling.choice import leaves_first
from slackwater.lab.cloud.scaling.machines import Machines
from slackwater.lab.cloud.scaling.warming import STOPPED, wanted_size
from slackwater.lab.cloud.scaling.wishes import Wishes
from slackwater.lab.cloud.targets import Targets

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
LONGEST_WAIT = 172800.0
"""Seconds; a wait ends after 48 h or 100 heartbeats, whichever is smaller (API reference, LifecycleHook)."""
FIRST_RETRY, LONGEST_RETRY = 1.0, 60.0
# A launch that EC2 refuses is tried again ever more slowly, or a broken template would fill the books.
FAILED = "Launching EC2 instance failed."
DIFFERENCE = "an instance was started in response to a difference between desired and actual capacity"


class Hosts(Protocol):
    """What an instance stands for; `boot` calls `running` once the machine is up."""

    def boot(self, instance: str, running: Callable[[], None]) -> None: ...

    def kill(self, instance: str) -> None: ...


class NoHosts:
    """An instance is up at once and nothing runs on it."""

    def boot(self, instance: str, running: Callable[[], None]) -> None:
        running()

    def kill(self, instance: str) -> None:
        """There is nothing to kill."""


class Engine:
    """`lifecycle` False: hooks are kept in the books and hold nobody. All calls are made under the cloud's lock."""

    def __init__(self, books: Books, machines: Machines, targets: Targets, *, lifecycle: bool = False) -> None:
        self.books, self.machines, self.targets, self.lifecycle = books, machines, targets, lifecycle
        self.clock: Callable[[], float] = time.monotonic
        self.hosts: Hosts = NoHosts()
        self.wishes = Wishes()
        self.log: list[tuple[str, str]] = []

    def reconcile(self, group: Group, cause: str = DIFFERENCE) -> None:
        """Launches what is missing and ends what is too many; each missing one is tried once."""
        missing = group.desired - len(group.counted())
        if missing > 0 and "Launch" not in group.suspended:
            launched = [self.launch(group, cause) for _ in range(missing)]
            self._plan_retry(group, all(launched))
        elif missing < -group.surge and "Terminate" not in group.suspended:
            for _ in range(-missing - group.surge):
                if member := leaves_first(group):
                    self.terminate(group, member, "an instance was taken out of service in response to a difference")
        self.fill_warm_pool(group)

    def launch(self, group: Group, cause: str) -> Member | None:
        """None when EC2 refused; the activity says why. Whoever is warm comes first."""
        member = self._from_warm_pool(group, cause) or self._new(group, cause)
        if member:
            group.members.append(member)
            self.move(member, "Pending")
            self.hosts.boot(member.id, lambda: self._running(group, member))
        return member

    def fill_warm_pool(self, group: Group) -> None:
        size = wanted_size(group)
        while len(group.warm) > size:
            self._drop_warm(group, group.warm.pop())
        while len(group.warm) < size and "Launch" not in group.suspended:
            member = self._new(group, "a user request changed the warm pool.")
            if member is None:
                return self._plan_retry(group, False)
            state = str((group.warm_pool or {})["PoolState"])
            if state in STOPPED:
                self.machines.stop(member.id)
            self.move(member, f"Warmed:{state}")
            activities.end(member.activity)
            group.warm.append(member)
        return None

    def _from_warm_pool(self, group: Group, cause: str) -> Member | None:
        if not group.warm:
            return None
        member = group.warm.pop(0)
        words = f"Launching a new EC2 instance from warm pool: {member.id}"
        member.activity = activities.begin(group, words, cause, "PreInService")
        self.machines.start(member.id)
        return member

    def _drop_warm(self, group: Group, member: Member) -> None:
        activity = activities.begin(
            group, f"Terminating EC2 instance from warm pool: {member.id}", DIFFERENCE, "InProgress"
        )
        self.machines.terminate(member.id)
        self.move(member, "Warmed:Terminated")
        activities.end(activity)

    def _new(self, group: Group, cause: str) -> Member | None:
        activity = activities.begin(group, "Launching a new EC2 instance", cause, "PreInService")
        try:
            if refusal := self.wishes.refusal(group.name):
                raise AwsError("InsufficientInstanceCapacity", refusal)
            instance, version, template = self.machines.launch(group, self._wanted(group))
        except (ClientError, AwsError) as error:
            said = error.message if isinstance(error, AwsError) else error.response["Error"]["Message"]
            activities.end(activity, "Failed", f"{said.rstrip('.')}. {FAILED}")
            return None
        names = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": str(version.number)}
        zone, kind = instance["Placement"]["AvailabilityZone"], instance["InstanceType"]
        member = Member(instance["InstanceId"], zone, kind, names, activity=activity)
        member.subnet, member.spot = instance.get("SubnetId"), instance.get("InstanceLifecycle") == "spot"
        member.protected = bool(group.settings.get("NewInstancesProtectedFromScaleIn"))
        member.born = self.clock()
        activity["Description"] += f": {member.id}"
        activity["Details"] = json.dumps({"Subnet ID": member.subnet, "Availability Zone": zone})
        return member

    def terminate(self, group: Group, member: Member, cause: str, *, hooks: bool = True) -> None:
        member.actions.clear()
        member.activity = activities.begin(group, f"Terminating EC2 instance: {member.id}", cause, "InProgress")
        self.move(member, "Terminating")
        self.deregister(group, member)
        self._wait(group, member, TERMINATING if hooks else None, "Terminating", self.end)

    def deregister(self, group: Group, member: Member) -> None:
        for arn in group.target_groups:
            self.targets.deregister_targets({"TargetGroupArn": arn, "Targets": [{"Id": member.id}]})

    def register(self, group: Group, member: Member) -> None:
        if "AddToLoadBalancer" in group.suspended:
            return
        for arn in group.target_groups:
            self.targets.register_targets({"TargetGroupArn": arn, "Targets": [{"Id": member.id}]})

    def complete(self, group: Group, member: Member, action: Action, result: str, why: str) -> None:
        """Every hook must continue before an instance goes on; one ABANDON ends all waiting."""
        launching = member.state.startswith("Pending")
        if result == "CONTINUE":
            del member.actions[action.hook["LifecycleHookName"]]
            if not member.actions:
                self._proceed(group, member, self._in_service if launching else self.end)
        elif launching:
            self.abandon(group, member, f"Lifecycle Action with token {action.token} was abandoned: {why}")
        elif result == "ABANDON" and _retains(group):
            member.actions.clear()
            self.move(member, "Terminating:Retained")
        else:
            self._proceed(group, member, self.end)

    def abandon(self, group: Group, member: Member, why: str) -> None:
        activities.end(member.activity, "Cancelled", f"Instance failed to complete user's Lifecycle Action: {why}")
        self.terminate(
            group, member, "an instance was taken out of service in response to an abandoned launch", hooks=False
        )
        self._plan_retry(group, False)

    def tick(self) -> None:
        """What time does: waits run out, and launches that were refused are tried again."""
        for group, member in self.books.members():
            for action in list(member.actions.values()):
                overdue = self.clock() >= min(action.deadline, action.last)
                if overdue and member.actions.get(action.hook["LifecycleHookName"]) is action:
                    self.complete(group, member, action, action.hook["DefaultResult"], "Heartbeat Timeout")
        for group in list(self.books.groups.values()):
            self._replace_the_sick(group)
            if group.retry and self.clock() >= group.retry[0]:
                self.reconcile(group)

    def lost(self, instance: str) -> None:
        """Somebody terminated it in EC2; no hook holds what is gone."""
        for group, member in self.books.members():
            if member.id == instance:
                cause = "an EC2 health check indicated that it has been terminated or stopped"
                member.activity = activities.begin(group, f"Terminating EC2 instance: {member.id}", cause, "InProgress")
                self.end(group, member)
                self.reconcile(group)

    def _replace_the_sick(self, group: Group) -> None:
        """One look a retry: an image that never becomes healthy would be launched without end."""
        waits = group.retry and self.clock() < group.retry[0]
        if waits or self._refresh(group) or {"HealthCheck", "ReplaceUnhealthy"} & set(group.suspended):
            return
        grown = self.clock() - float(group.settings.get("HealthCheckGracePeriod", 0))
        there = [each for each in group.members if each.state == IN_SERVICE and each.born <= grown]
        sick = [each for each in there if each.health == "Unhealthy"]
        for member in sick:
            self.terminate(group, member, "an instance was taken out of service in response to a health check")
        if sick:
            self._plan_retry(group, False)
            planned = group.retry
            self.reconcile(group)
            group.retry = planned

    def _refresh(self, group: Group) -> Any:
        return next((each for each in group.refreshes if each.is_active), None)

    def _wanted(self, group: Group) -> Values:
        active = self._refresh(group)
        return active.wanted(group) if active else group.settings

    def _plan_retry(self, group: Group, well: bool) -> None:
        if well:
            group.retry = None
        else:
            pause = min(LONGEST_RETRY, group.retry[1] * 2) if group.retry else FIRST_RETRY
            group.retry = (self.clock() + pause, pause)

    def _running(self, group: Group, member: Member) -> None:
        if self.wishes.abandons(group.name):
            return self.abandon(group, member, "the test wants this launch abandoned")
        if self.wishes.never_healthy(member.template):
            member.health = "Unhealthy"
        return self._wait(group, member, LAUNCHING, "Pending", self._in_service)

    def _wait(self, group: Group, member: Member, transition: str | None, prefix: str, then: Any) -> None:
        hooks = [each for each in group.hooks.values() if each["LifecycleTransition"] == transition]
        if not hooks or not self.lifecycle:
            return self._proceed(group, member, then)
        member.actions = {each["LifecycleHookName"]: self._action(each) for each in hooks}
        member.activity["StatusCode"] = "MidLifecycleAction"
        return self.move(member, f"{prefix}:Wait")

    def _action(self, hook: Values) -> Action:
        beat = float(hook["HeartbeatTimeout"])
        last = self.clock() + min(LONGEST_WAIT, 100 * beat)
        return Action(hook, str(uuid4()), self.clock() + beat, last)

    def _proceed(self, group: Group, member: Member, then: Any) -> None:
        member.actions.clear()
        self.move(member, f"{member.state.partition(':')[0]}:Proceed")
        then(group, member)

    def _in_service(self, group: Group, member: Member) -> None:
        self.register(group, member)
        self.move(member, IN_SERVICE)
        activities.end(member.activity)

    def end(self, group: Group, member: Member) -> None:
        self.hosts.kill(member.id)
        self.machines.terminate(member.id)
        self.move(member, "Terminated")
        activities.end(member.activity)
        group.members = [each for each in group.members if each is not member]

    def move(self, member: Member, state: str) -> None:
        member.state = state
        self.log.append((member.id, state))


def _retains(group: Group) -> bool:
    triggers = group.settings.get("InstanceLifecyclePolicy", {}).get("RetentionTriggers", {})
    return bool(triggers.get("TerminateHookAbandon") == "retain")
