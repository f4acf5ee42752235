"""What may be done with single members of a group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slackwater.lab.cloud.errors import invalid
from slackwater.lab.cloud.scaling import activities
from slackwater.lab.cloud.scaling.books import IN_SERVICE, Books, Group, Member, Values, page
from slackwater.lab.cloud.scaling.describe import instance
from slackwater.lab.cloud.scaling.engine import Engine

STANDBY, RETAINED = "Standby", "Terminating:Retained"
USER = "a user request"


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
        """Whoever is Unhealthy is replaced at the next look of the cloud's clock."""
        _, member = self.books.member(asked["InstanceId"])
        if asked["HealthStatus"] not in ("Healthy", "Unhealthy"):
            raise invalid("Valid instance health states are: [Healthy, Unhealthy].")
        member.health = asked["HealthStatus"]

    def set_instance_protection(self, asked: Values) -> None:
        group = self.books.group(asked["AutoScalingGroupName"])
        for member in [group.member(each) for each in asked["InstanceIds"]]:
            member.protected = asked["ProtectedFromScaleIn"]

    def terminate_instance_in_auto_scaling_group(self, asked: Values) -> Mapping[str, Any]:
        group, member = self.books.member(asked["InstanceId"])
        if member.state == RETAINED:
            self.engine.end(group, member)
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
        done = [self._move(group, each, "Moving EC2 instance to Standby", STANDBY) for each in chosen]
        self.engine.reconcile(group)
        return {"Activities": done}

    def exit_standby(self, asked: Values) -> Mapping[str, Any]:
        group, chosen = self._chosen(asked, STANDBY)
        if group.desired + len(chosen) > group.maximum:
            raise invalid(f"ExitStandby would exceed the maximum size {group.maximum} of group {group.name}")
        group.desired += len(chosen)
        return {
            "Activities": [self._move(group, each, "Moving EC2 instance out of Standby", IN_SERVICE) for each in chosen]
        }

    def detach_instances(self, asked: Values) -> Mapping[str, Any]:
        group, chosen = self._chosen(asked, IN_SERVICE)
        if asked["ShouldDecrementDesiredCapacity"]:
            _decrement(group, len(chosen))
        done = [self._move(group, each, "Detaching EC2 instance", "Detached") for each in chosen]
        group.members = [each for each in group.members if each not in chosen]
        self.engine.reconcile(group)
        return {"Activities": done}

    def _chosen(self, asked: Values, state: str) -> tuple[Group, list[Member]]:
        group = self.books.group(asked["AutoScalingGroupName"])
        chosen = [group.member(each) for each in asked.get("InstanceIds", [])]
        for each in chosen:
            if each.state != state:
                raise invalid(f"The instance {each.id} is not in {state}.")
        return group, chosen

    def _move(self, group: Group, member: Member, words: str, state: str) -> Values:
        activity = activities.begin(group, f"{words}: {member.id}", USER, "InProgress")
        (self.engine.register if state == IN_SERVICE else self.engine.deregister)(group, member)
        self.engine.move(member, state)
        activities.end(activity)
        return activity


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
