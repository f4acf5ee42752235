"""Scaling policies: how the group grows and shrinks; the alarms of step policies are in `alarms`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from slackwater.aws.alarms import alarm_name, observe_alarms, plan_alarms, surplus_alarms
from slackwater.aws.call import Call, Ref, drift
from slackwater.aws.clients import Clients
from slackwater.aws.metrics import TargetGroups, forecast_metric, is_waiting, tracked_metric
from slackwater.settings import Policy, ScalingGroup

TYPES = {"step": "StepScaling", "target": "TargetTrackingScaling", "predictive": "PredictiveScaling"}
FIELDS = (
    "PolicyARN",
    "PolicyType",
    "Enabled",
    "AdjustmentType",
    "MetricAggregationType",
    "StepAdjustments",
    "TargetTrackingConfiguration",
    "PredictiveScalingConfiguration",
)
AGGREGATIONS = ("Minimum", "Maximum")


@dataclass(frozen=True)
class Policies:
    """Both by name."""

    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    alarms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def wanted_policy(group: ScalingGroup, policy: Policy, target_groups: TargetGroups) -> dict[str, Any]:
    """The arguments of PutScalingPolicy."""
    common = {
        "AutoScalingGroupName": group.name,
        "PolicyName": policy.name,
        "PolicyType": TYPES[policy.kind],
        "Enabled": True,
    }
    match policy.kind:
        case "step":
            return {**common, **_step(policy)}
        case "target":
            return {**common, "TargetTrackingConfiguration": _target(policy, target_groups)}
        case _:
            return {**common, "PredictiveScalingConfiguration": _predictive(policy, target_groups)}


def _step(policy: Policy) -> dict[str, Any]:
    statistic = policy.metric.statistic
    return {
        "AdjustmentType": policy.adjustment_type,
        "MetricAggregationType": statistic if statistic in AGGREGATIONS else "Average",
        "StepAdjustments": _adjustments(policy),
    }


def _adjustments(policy: Policy) -> list[dict[str, Any]]:
    """From the threshold outwards; AWS counts the bounds from there, and the last step has no end."""
    threshold = policy.above if policy.above is not None else policy.below or 0.0
    near, far = ("Lower", "Upper") if policy.above is not None else ("Upper", "Lower")
    steps = sorted(policy.steps.items(), reverse=near == "Upper")
    begins = [0.0, *(round(bound - threshold, 9) for bound, _ in steps)]
    amounts = [policy.adjustment or 0, *(amount for _, amount in steps)]
    adjustments = []
    for begin, end, amount in zip(begins, [*begins[1:], None], amounts, strict=True):
        bounds = {f"MetricInterval{near}Bound": begin, f"MetricInterval{far}Bound": end, "ScalingAdjustment": amount}
        adjustments.append({each: value for each, value in bounds.items() if value is not None})
    return adjustments


def _target(policy: Policy, target_groups: TargetGroups) -> dict[str, Any]:
    metric = tracked_metric(policy.metric, target_groups)
    return {**metric, "TargetValue": policy.value, "DisableScaleIn": not policy.scale_in}


def _predictive(policy: Policy, target_groups: TargetGroups) -> dict[str, Any]:
    return {
        "MetricSpecifications": [{"TargetValue": policy.value, **forecast_metric(policy.metric, target_groups)}],
        "Mode": policy.mode,
        "SchedulingBufferTime": policy.buffer,
        # A forecast must not lift the limit that the budget of database connections was reckoned with.
        "MaxCapacityBreachBehavior": "HonorMaxCapacity",
    }


def observe_policies(clients: Clients, group: ScalingGroup) -> Policies:
    described = clients.pages("autoscaling", "describe_policies", "ScalingPolicies", AutoScalingGroupName=group.name)
    policies = {each["PolicyName"]: normal({key: each[key] for key in FIELDS if key in each}) for each in described}
    return Policies(dict(sorted(policies.items())), observe_alarms(clients, group))


def normal(policy: Mapping[str, Any]) -> dict[str, Any]:
    """Steps from the lowest, dimensions by name, and none where AWS leaves the word out: it keeps no order."""
    told = dict(policy)
    if steps := told.get("StepAdjustments"):
        told["StepAdjustments"] = sorted(steps, key=lambda step: step.get("MetricIntervalLowerBound", -inf))
    target = told.get("TargetTrackingConfiguration", {})
    if custom := target.get("CustomizedMetricSpecification"):
        by_name = sorted(custom.get("Dimensions", []), key=lambda dimension: str(dimension["Name"]))
        of_it = {**custom, "Dimensions": by_name}
        told["TargetTrackingConfiguration"] = {**target, "CustomizedMetricSpecification": of_it}
    return told


def plan_policies(group: ScalingGroup, found: Policies, target_groups: TargetGroups) -> list[Call]:
    """What is new comes before what goes: in between, the group can do both rather than neither."""
    calls = []
    for policy in group.policies:
        if not is_waiting(policy, target_groups):
            calls += _of_policy(group, policy, found, target_groups)
    names = {policy.name for policy in group.policies}
    surplus = [_delete(group, name, "no longer declared") for name in found.policies if name not in names]
    return [*calls, *surplus_alarms(group, found.alarms), *surplus]


def waiting_policies(group: ScalingGroup, target_groups: TargetGroups) -> list[str]:
    """A sentence for each policy that a plan leaves as it is, because what it looks at does not exist yet."""
    return [
        f"policy {policy.name} waits: no Application Load Balancer forwards to {policy.metric.target_group} yet; "
        "point one's listener to it, then apply again"
        for policy in group.policies
        if is_waiting(policy, target_groups)
    ]


def _of_policy(group: ScalingGroup, policy: Policy, found: Policies, target_groups: TargetGroups) -> list[Call]:
    wanted, there = wanted_policy(group, policy, target_groups), found.policies.get(policy.name)
    stays = there is not None and there["PolicyType"] == wanted["PolicyType"]
    arn: str | Ref = there["PolicyARN"] if there is not None and stays else Ref(_key(policy.name))
    alarm = plan_alarms(group, policy, arn, found.alarms.get(alarm_name(group, policy.name)), target_groups)
    return [*_changed_type(group, wanted, there), *_put(wanted, there if stays else None), *alarm]


def _changed_type(group: ScalingGroup, wanted: Mapping[str, Any], there: Mapping[str, Any] | None) -> list[Call]:
    """Deleted first: one that became a step policy would keep the alarms that AWS made for its target."""
    changes = drift({"PolicyType": wanted["PolicyType"]}, there) if there else []
    return [_delete(group, wanted["PolicyName"], "; ".join(changes))] if changes else []


def _put(wanted: Mapping[str, Any], there: Mapping[str, Any] | None) -> list[Call]:
    if there is None:
        gives = {_key(wanted["PolicyName"]): "PolicyARN"}
        return [Call("autoscaling", "put_scaling_policy", wanted, "new", gives)]
    declared = normal({each: wanted[each] for each in FIELDS if each in wanted})
    changes = drift(declared, {"Enabled": True, **there})
    return [Call("autoscaling", "put_scaling_policy", wanted, "; ".join(changes))] if changes else []


def _key(name: str) -> str:
    return f"policy.{name}"


def _delete(group: ScalingGroup, name: str, reason: str) -> Call:
    return Call("autoscaling", "delete_policy", {"AutoScalingGroupName": group.name, "PolicyName": name}, reason)
