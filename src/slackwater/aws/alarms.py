"""The CloudWatch alarms that set off step policies; what follows a target or a forecast has AWS's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slackwater.aws.call import Call, Ref, drift
from slackwater.aws.clients import Clients
from slackwater.aws.metrics import TargetGroups, alarm_metric
from slackwater.settings import Policy, ScalingGroup

FIELDS = (
    "AlarmDescription",
    "ActionsEnabled",
    "AlarmActions",
    "Namespace",
    "MetricName",
    "Dimensions",
    "Statistic",
    "Period",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
)


def alarm_name(group: ScalingGroup, policy: str) -> str:
    return group.alarm_prefix + policy


def wanted_alarm(group: ScalingGroup, policy: Policy, arn: str | Ref, target_groups: TargetGroups) -> dict[str, Any]:
    """The arguments of PutMetricAlarm; `arn` is the policy's."""
    is_above = policy.above is not None
    return {
        "AlarmName": alarm_name(group, policy.name),
        "AlarmDescription": f"Sets off the policy {policy.name} of the scaling group {group.name}.",
        "ActionsEnabled": True,
        "AlarmActions": [arn],
        **alarm_metric(group, policy.metric, target_groups),
        "Period": policy.period,
        "EvaluationPeriods": policy.periods,
        "DatapointsToAlarm": policy.periods,
        "Threshold": policy.above if is_above else policy.below,
        "ComparisonOperator": "GreaterThanThreshold" if is_above else "LessThanThreshold",
        "TreatMissingData": _missing_data(policy),
    }


def _missing_data(policy: Policy) -> str:
    """What a minute without a value counts as.

    Growing: `missing`, so that a gap in a long peak does not begin the count anew; one instance too many is cheap.
    Shrinking: `notBreaching`. With `missing`, one low minute followed by silence is enough for CloudWatch: whenever
    the metric fails, the fleet would be taken down.
    """
    return "notBreaching" if _shrinks(policy) else "missing"


def _shrinks(policy: Policy) -> bool:
    """An exact size under a threshold from below is a smaller one."""
    return policy.below is not None if policy.adjustment_type == "ExactCapacity" else (policy.adjustment or 0) < 0


def observe_alarms(clients: Clients, group: ScalingGroup) -> dict[str, Mapping[str, Any]]:
    """Those that bear the group's prefix; without their state, which moves by itself."""
    described = clients.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=group.alarm_prefix)
    return {each["AlarmName"]: _found(each) for each in sorted(described, key=lambda each: str(each["AlarmName"]))}


def _found(described: Mapping[str, Any]) -> dict[str, Any]:
    known = {each: described[each] for each in FIELDS if each in described}
    by_name = sorted(described.get("Dimensions", []), key=lambda dimension: str(dimension["Name"]))
    return {**known, "Dimensions": by_name}


def plan_alarms(
    group: ScalingGroup,
    policy: Policy,
    arn: str | Ref,
    found: Mapping[str, Any] | None,
    target_groups: TargetGroups,
) -> list[Call]:
    """Of one policy; `arn` is a reference where the plan makes the policy first."""
    if policy.kind != "step":
        return []
    wanted = wanted_alarm(group, policy, arn, target_groups)
    changes = ["new"] if found is None else _changes(wanted, found)
    return [Call("cloudwatch", "put_metric_alarm", wanted, "; ".join(changes))] if changes else []


def _changes(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Nobody knows the ARN of a policy that is still to be made; it differs from any that is there."""
    known = {each: wanted[each] for each in FIELDS if not _is_ahead(wanted[each])}
    ahead = [f"{each} -> what this plan makes" for each in FIELDS if _is_ahead(wanted[each])]
    return [*drift(known, found), *ahead]


def _is_ahead(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_is_ahead(each) for each in value.values())
    return isinstance(value, Ref) or (isinstance(value, list) and any(_is_ahead(each) for each in value))


def surplus_alarms(group: ScalingGroup, found: Mapping[str, Mapping[str, Any]]) -> list[Call]:
    """AWS keeps the alarm when its policy is deleted."""
    declared = {alarm_name(group, policy.name) for policy in group.policies if policy.kind == "step"}
    return [
        Call("cloudwatch", "delete_alarms", {"AlarmNames": [name]}, "no longer declared")
        for name in found
        if name not in declared
    ]
