"""Spot interruptions and rebalance recommendations on demand: what an instance reads, who else hears, what follows."""

from __future__ import annotations

import json
from datetime import timedelta

from slackwater.lab.cloud.errors import invalid
from slackwater.lab.cloud.instances import Instances
from slackwater.lab.cloud.scaling.books import IN_SERVICE, Group, Member
from slackwater.lab.cloud.scaling.engine import Engine
from slackwater.lab.cloud.scaling.messages import Mail
from slackwater.lab.cloud.times import Times

NOTICE = 120.0
"""Seconds between the notice and the end (EC2 user guide, "Spot Instance interruption notices")."""
ACTIONS = ("terminate", "stop")
ENDING = "EC2 Spot Instance Interruption Warning"
ENDED = "an instance was taken out of service in response to a spot interruption"
RISKY = "EC2 Instance Rebalance Recommendation"


class Spot:
    """Any instance may be told, also one that was not asked for as spot: a drill is a drill."""

    def __init__(self, instances: Instances, engine: Engine, mail: Mail, times: Times) -> None:
        self.instances, self.engine, self.mail, self.times = instances, engine, mail, times
        self._ends: dict[str, tuple[float, str]] = {}

    def interrupt(self, instance: str, action: str = "terminate", seconds: float = NOTICE) -> None:
        """It reads the notice now and is gone after `seconds`, whatever hook holds it. Raises AwsError.

        A group with CapacityRebalance launches another now, and ends one that it knew to be at risk already.
        """
        if action not in ACTIONS:
            raise invalid(f"action {action!r} is not {' or '.join(ACTIONS)}")
        view = self.instances.registry.view(instance)
        moment = self.times.moment() + timedelta(seconds=seconds)
        view.spot = json.dumps({"action": action, "time": f"{moment:%Y-%m-%dT%H:%M:%SZ}"})
        self._ends[instance] = self.engine.clock() + seconds, action
        # Of this event the instance's name has its zone and no account, unlike all others (EC2 user guide, same page).
        resource = f"arn:aws:ec2:{view.zone}:instance/{instance}"
        self.mail.event("aws.ec2", ENDING, {"instance-id": instance, "instance-action": action}, [resource])
        for group, member in self._rebalanced(instance):
            if member.is_at_risk:
                self.engine.terminate(group, member, ENDED)
            self._replace(group, member, "a spot interruption")

    def recommend_rebalance(self, instance: str) -> None:
        """It reads the notice; a group with CapacityRebalance launches another and ends this one when that serves."""
        moment, view = self.times.moment(), self.instances.registry.view(instance)
        view.rebalance = json.dumps({"noticeTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}"})
        self.mail.event("aws.ec2", RISKY, {"instance-id": instance}, [self.mail.arn(view.region, instance)])
        for group, member in self._rebalanced(instance):
            self._replace(group, member, "a rebalance recommendation")

    def _rebalanced(self, instance: str) -> list[tuple[Group, Member]]:
        """In service in a group with CapacityRebalance."""
        return [
            (group, member)
            for group, member in self.engine.books.members()
            if member.id == instance and member.state == IN_SERVICE and group.settings.get("CapacityRebalance")
        ]

    def _replace(self, group: Group, member: Member, notice: str) -> None:
        if not member.is_at_risk:
            member.is_at_risk, member.at_risk_since = True, self.engine.clock()
            self.engine.reconcile(group, f"an instance was started in response to {notice}")

    def tick(self) -> None:
        """No hook prevents the end of a spot instance."""
        for instance, (end, action) in list(self._ends.items()):
            if self.engine.clock() >= end:
                del self._ends[instance]
                self._end(instance, action)

    def _end(self, instance: str, action: str) -> None:
        if instance not in self.instances.registry.views:
            return  # it left in time
        asked = {"InstanceIds": [instance]}
        if action == "stop":
            self.instances.stop_instances(asked)
        else:
            self.instances.terminate_instances(asked)
