"""Where a group's traffic comes from: target groups, under both of their APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slackwater.lab.cloud.errors import invalid
from slackwater.lab.cloud.scaling.books import IN_SERVICE, Books, Group, Values
from slackwater.lab.cloud.scaling.checks import Checks
from slackwater.lab.cloud.scaling.engine import Engine

ELBV2 = "elbv2"


class Traffic:
    """A source that is attached gets the members in service; one that is detached loses them."""

    def __init__(self, books: Books, engine: Engine, checker: Checks) -> None:
        self.books, self.engine, self.checker = books, engine, checker

    def attach_load_balancer_target_groups(self, asked: Values) -> None:
        self._attach(self._group(asked), asked["TargetGroupARNs"])

    def detach_load_balancer_target_groups(self, asked: Values) -> None:
        self._detach(self._group(asked), asked["TargetGroupARNs"])

    def attach_traffic_sources(self, asked: Values) -> None:
        self._attach(self._group(asked), _arns(asked["TrafficSources"]))

    def detach_traffic_sources(self, asked: Values) -> None:
        self._detach(self._group(asked), _arns(asked["TrafficSources"]))

    def describe_load_balancer_target_groups(self, asked: Values) -> Mapping[str, Any]:
        group = self._group(asked)
        found = [{"LoadBalancerTargetGroupARN": arn, "State": _state(group, arn)} for arn in group.target_groups]
        return {"LoadBalancerTargetGroups": found}

    def describe_traffic_sources(self, asked: Values) -> Mapping[str, Any]:
        group, wanted = self._group(asked), asked.get("TrafficSourceType")
        found = [
            {"Identifier": name, "TrafficSource": name, "Type": kind, "State": _state(group, name)}
            for name, kind in group.traffic.items()
            if wanted in (None, kind)
        ]
        return {"TrafficSources": found}

    def keep(self, group: Group, asked: Values) -> None:
        """Of a group that is being made: nobody is in service yet."""
        arns = [*asked.get("TargetGroupARNs", []), *_arns(asked.get("TrafficSources", []))]
        self.checker.target_groups(arns)
        group.traffic |= dict.fromkeys(arns, ELBV2)

    def _group(self, asked: Values) -> Group:
        return self.books.group(asked["AutoScalingGroupName"])

    def _attach(self, group: Group, arns: list[str]) -> None:
        self.checker.target_groups(arns)
        new = [arn for arn in arns if arn not in group.traffic]
        group.traffic |= dict.fromkeys(new, ELBV2)
        group.unproved |= set(new)
        for arn, member in ((arn, member) for arn in new for member in group.members if member.state == IN_SERVICE):
            self.engine.targets.register_targets({"TargetGroupArn": arn, "Targets": [{"Id": member.id}]})

    def _detach(self, group: Group, arns: list[str]) -> None:
        for arn in arns:
            if group.traffic.pop(arn, None) is None:
                raise invalid(f"Trying to remove Target Groups that are not part of the group: {arn}")
            group.unproved.discard(arn)
            for member in group.members:
                self.engine.targets.leave(arn, member.id)


def _state(group: Group, arn: str) -> str:
    return "Added" if arn in group.unproved else IN_SERVICE


def _arns(sources: list[Values]) -> list[str]:
    for source in sources:
        if source.get("Type", ELBV2) != ELBV2:
            raise invalid(f"the lab's cloud has no traffic source of type {source['Type']}")
    return [source["Identifier"] for source in sources]
