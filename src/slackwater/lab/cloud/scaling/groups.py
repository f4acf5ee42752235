"""Auto Scaling groups: made, changed, described, deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from slackwater.lab.cloud.errors import AwsError, invalid
from slackwater.lab.cloud.scaling import checks
from slackwater.lab.cloud.scaling.books import Books, Group, Values, page
from slackwater.lab.cloud.scaling.describe import described
from slackwater.lab.cloud.scaling.engine import Engine
from slackwater.lab.cloud.scaling.hooks import Hooks
from slackwater.lab.cloud.scaling.tags import keep_tags
from slackwater.lab.cloud.scaling.traffic import Traffic
from slackwater.lab.cloud.templates import Templates

KEPT = frozenset(
    {
        "LaunchTemplate", "MixedInstancesPolicy", "MinSize", "MaxSize", "DesiredCapacity", "DefaultCooldown",
        "AvailabilityZones", "HealthCheckType", "HealthCheckGracePeriod", "PlacementGroup", "VPCZoneIdentifier",
        "TerminationPolicies", "NewInstancesProtectedFromScaleIn", "CapacityRebalance", "ServiceLinkedRoleARN",
        "MaxInstanceLifetime", "Context", "DesiredCapacityType", "DefaultInstanceWarmup", "InstanceMaintenancePolicy",
        "AvailabilityZoneDistribution", "AvailabilityZoneImpairmentPolicy", "InstanceLifecyclePolicy",
    }
)  # fmt: skip
ELSEWHERE = frozenset(
    {"AutoScalingGroupName", "Tags", "TargetGroupARNs", "TrafficSources", "LifecycleHookSpecificationList"}
)
DEFAULTS: Values = {
    "DefaultCooldown": 300,
    "HealthCheckType": "EC2",
    "HealthCheckGracePeriod": 0,
    "TerminationPolicies": ["Default"],
    "NewInstancesProtectedFromScaleIn": False,
}
NOTHING: dict[str, Any] = {
    "MaxInstanceLifetime": 0,
    "DefaultInstanceWarmup": -1,
    "InstanceMaintenancePolicy": {"MinHealthyPercentage": -1, "MaxHealthyPercentage": -1},
}
"""The values that take a setting away."""


class Groups:
    """The group's own operations; what hangs on a group has modules of its own."""

    def __init__(self, books: Books, engine: Engine, checker: checks.Checks, parts: tuple[Hooks, Traffic]) -> None:
        self.books, self.engine, self.checker = books, engine, checker
        self.hooks, self.traffic = parts
        self.forgetters: list[Callable[[Group], None]] = []

    @property
    def templates(self) -> Templates:
        return self.engine.launcher.templates

    def create_auto_scaling_group(self, asked: Values) -> None:
        name = asked["AutoScalingGroupName"]
        if name in self.books.groups:
            text = f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
            raise AwsError("AlreadyExists", text)
        refuse_others(asked)
        settings = {**deepcopy(DEFAULTS), **kept(asked)}
        settings.setdefault("DesiredCapacity", settings["MinSize"])
        group = Group(name, self.books.arn("autoScalingGroup", f"autoScalingGroupName/{name}"), settings)
        self._check(group, settings)
        keep_tags(group, asked.get("Tags", []))
        for hook in asked.get("LifecycleHookSpecificationList", []):
            self.hooks.keep(group, hook)
        self.traffic.keep(group, asked)
        self.books.groups[name] = group
        self.engine.reconcile(group, self._cause(0, group))

    def update_auto_scaling_group(self, asked: Values) -> None:
        group = self.books.group(asked["AutoScalingGroupName"])
        refuse_others(asked)
        settings = merged(group.settings, kept(asked))
        self._check(Group(group.name, group.arn, settings), settings)
        before, group.settings = group.desired, settings
        self.engine.reconcile(group, self._cause(before, group))

    def set_desired_capacity(self, asked: Values) -> None:
        group, wanted = self.books.group(asked["AutoScalingGroupName"]), int(asked["DesiredCapacity"])
        if not group.minimum <= wanted <= group.maximum:
            side, bound = ("above max", group.maximum) if wanted > group.maximum else ("below min", group.minimum)
            raise invalid(f"New SetDesiredCapacity value {wanted} is {side} value {bound} for the AutoScalingGroup.")
        before, group.desired = group.desired, wanted
        self.engine.reconcile(group, self._cause(before, group))

    def delete_auto_scaling_group(self, asked: Values) -> None:
        group = self.books.group(asked["AutoScalingGroupName"])
        if group.members and not asked.get("ForceDelete"):
            text = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s)"
            raise AwsError("ResourceInUse", f"{text} still in the group.")
        if group.warm_pool is not None and not asked.get("ForceDelete"):
            raise AwsError("ResourceInUse", "You cannot delete an AutoScalingGroup that has a warm pool.")
        for member in group.everyone():
            self.engine.terminate(group, member, "a user deleted the group", hooks=False)
        for forget in self.forgetters:
            forget(group)
        del self.books.groups[group.name]

    def describe_auto_scaling_groups(self, asked: Values) -> Mapping[str, Any]:
        names = asked.get("AutoScalingGroupNames", [])
        found = [each for each in self.books.groups.values() if not names or each.name in names or each.arn in names]
        some, more = page([each for each in found if _matches(each, asked.get("Filters", []))], asked)
        whole = [described(each, self.templates) for each in some]
        if asked.get("IncludeInstances") is False:
            whole = [{**each, "Instances": []} for each in whole]
        return {"AutoScalingGroups": whole, "NextToken": more}

    def _check(self, group: Group, settings: Values) -> None:
        checks.values(settings)
        checks.sizes(settings)
        self.checker.template(group, settings)
        settings["AvailabilityZones"] = self.checker.subnets(group)

    def _cause(self, before: int, group: Group) -> str:
        limits = f"min: {group.minimum}, max: {group.maximum}, desired: {group.desired}"
        change = f"changing the desired capacity from {before} to {group.desired}"
        return f"a user request update of AutoScalingGroup constraints to {limits} {change}."


def kept(asked: Values) -> Values:
    return {name: deepcopy(value) for name, value in asked.items() if name in KEPT}


def refuse_others(asked: Values) -> None:
    """A setting that this cloud would drop in silence is an error instead."""
    if others := set(asked) - KEPT - ELSEWHERE:
        raise invalid(f"the lab's cloud has no {', '.join(sorted(others))} of a group")


def merged(before: Values, asked: Values) -> Values:
    """What was not asked for stays; a template takes the place of a mixed policy and the other way round."""
    settings = {**before, **asked}
    for one, other in (checks.LAUNCHED_FROM, checks.LAUNCHED_FROM[::-1]):
        if one in asked:
            settings.pop(other, None)
    if policy := asked.get("MixedInstancesPolicy"):
        settings["MixedInstancesPolicy"] = {**before.get("MixedInstancesPolicy", {}), **policy}
    for name, value in NOTHING.items():
        if settings.get(name) == value:
            del settings[name]
    if "DesiredCapacity" not in asked:
        settings["DesiredCapacity"] = min(max(before["DesiredCapacity"], settings["MinSize"]), settings["MaxSize"])
    return settings


def _matches(group: Group, filters: list[Values]) -> bool:
    return all(_one(group, each["Name"], set(each.get("Values", []))) for each in filters)


def _one(group: Group, name: str, wanted: set[str]) -> bool:
    if name == "tag-key":
        return not wanted.isdisjoint(group.tags)
    if name == "tag-value":
        return any(tag["Value"] in wanted for tag in group.tags.values())
    key = name.removeprefix("tag:")
    return key in group.tags and group.tags[key]["Value"] in wanted
