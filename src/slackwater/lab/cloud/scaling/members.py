"""What may be done with single members of a group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slackwater.lab.cloud.errors import invalid
from slackwater.lab.cloud.scaling import activities
from slackwater.lab.cloud.scaling.books import IN_SERVICE, Books, Group, Member, Values, page
from slackwater.lab.cloud.scaling.describe import instance
from slackwater.lab.cloud.scaling.engine import Engine

STANDBY, RETAINED = "Standby", "Terminating:Retained"
USER = "a user request"


@dataclass(frozen=True)
class Way:
    """Out of service, alive: what the activity calls it, and the states on the way and at its end."""

    words: str
    during: str
    after: str


TO_STANDBY = Way("Moving EC2 instance to Standby", "EnteringStandby", STANDBY)
OUT = Way("Detaching EC2 instance", "Detaching", "Detached")


class Members:
    """Hooks do not hold an instance that is detached or goes to standby (user guide, lifecycle hooks)."""

    def __init__(self, books: Books, engine: Engine) -> None:
        self.books, self.engine = books, engine

    def describe_auto_scaling_instances(self, asked: Values) -> Mapping[str, Any]:
        wanted = asked.get("InstanceIds", [])
        found = [_described(*pair) for pair in self.books.members() if not wanted or pair[1].id in wanted]
        some, more = page(found, asked)
        return {"AutoScalingInstances": some, "NextToken": more}

    def set_instance_health(self, asked: Values) -> None:
        """Whoever is Unhealthy is replaced at the next look of the cloud's clock after its grace period."""
        _, member = self.books.member(asked["InstanceId"])
        if asked["HealthStatus"] not in ("Healthy", "Unhealthy"):
            raise invalid("Valid instance health states are: [Healthy, Unhealthy].")
        member.health, member.is_spared = asked["HealthStatus"], asked.get("ShouldRespectGracePeriod", True)

    def set_instance_protection(self, asked: Values) -> None:
        group = self.books.group(asked["AutoScalingGroupName"])
        for member in [group.member(each) for each in asked["InstanceIds"]]:
            member.protected = asked["ProtectedFromScaleIn"]

    def terminate_instance_in_auto_scaling_group(self, asked: Values) -> Mapping[str, Any]:
        group, member = self.books.member(asked["InstanceId"])
        if member.state.endswith(RETAINED):
            self.engine.end(group, member)
            return {"Activity": member.activity}
        if member.is_leaving:
            return {"Activity": member.activity}
        if asked["ShouldDecrementDesiredCapacity"]:
            _decrement(group, 1)
        self.engine.terminate(group, member, "instance was taken out of service in response to a user request")
        self.engine.reconcile(group)
        return {"Activity": member.activity}

    def enter_standby(self, asked: Values) -> Mapping[str, Any]:
        group, chosen = self._chosen(asked, IN_SERVICE)
        if asked["ShouldDecrementDesiredCapacity"]:
            _decrement(group, len(chosen))
        done = [self._leave(group, each, TO_STANDBY) for each in chosen]
        self.engine.reconcile(group)
        return {"Activities": done}

    def exit_standby(self, asked: Values) -> Mapping[str, Any]:
        group, chosen = self._chosen(asked, STANDBY)
        if group.desired + len(chosen) > group.maximum:
            raise invalid(f"ExitStandby would exceed the maximum size {group.maximum} of group {group.name}")
        group.desired += len(chosen)
        return {"Activities": [self._return(group, each) for each in chosen]}

    def detach_instances(self, asked: Values) -> Mapping[str, Any]:
        group, chosen = self._chosen(asked, IN_SERVICE)
        if asked["ShouldDecrementDesiredCapacity"]:
            _decrement(group, len(chosen))
        done = [self._leave(group, each, OUT) for each in chosen]
        self.engine.reconcile(group)
        return {"Activities": done}

    def _chosen(self, asked: Values, state: str) -> tuple[Group, list[Member]]:
        group = self.books.group(asked["AutoScalingGroupName"])
        chosen = [group.member(each) for each in asked.get("InstanceIds", [])]
        for each in chosen:
            if each.state != state:
                raise invalid(f"The instance {each.id} is not in {state}.")
        return group, chosen

    def _leave(self, group: Group, member: Member, way: Way) -> Values:
        """Its target groups drain first."""
        activity = activities.begin(group, f"{way.words}: {member.id}", USER, "InProgress")
        member.activity = activity
        self.engine.move(member, way.during)
        self.engine.deregister(group, member)
        self.engine.when_drained(member, lambda: self._arrive(group, member, way))
        return activity

    def _arrive(self, group: Group, member: Member, way: Way) -> None:
        self.engine.move(member, way.after)
        activities.end(member.activity)
        if way is OUT:
            group.forget(member)

    def _return(self, group: Group, member: Member) -> Values:
        """It is Pending for a moment, and no hook holds it."""
        words = f"Moving EC2 instance out of Standby: {member.id}"
        member.activity = activities.begin(group, words, USER, "InProgress")
        self.engine.move(member, "Pending")
        self.engine.serve(group, member)
        return member.activity


def _described(group: Group, member: Member) -> Values:
    return {**instance(member), "AutoScalingGroupName": group.name, "HealthStatus": member.health.upper()}


def _decrement(group: Group, number: int) -> None:
    if group.desired - number < group.minimum:
        raise invalid(
            f"Currently, desiredSize equals minSize ({group.minimum}). Terminating instance without replacement will "
            "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower "
            "group's min size."
        )
    group.desired -= number
