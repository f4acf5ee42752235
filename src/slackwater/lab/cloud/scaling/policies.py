"""Scaling policies, one book a group, and the alarms that belong to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from slackwater.lab.cloud.errors import invalid
from slackwater.lab.cloud.scaling.adjusting import PREDICTIVE, SIMPLE, STEP, TARGET
from slackwater.lab.cloud.scaling.alarms import of_target_tracking
from slackwater.lab.cloud.scaling.books import Books, Group, Values, page

NEEDS = {
    SIMPLE: ("AdjustmentType", "ScalingAdjustment"),
    STEP: ("AdjustmentType", "StepAdjustments"),
    TARGET: ("TargetTrackingConfiguration",),
    PREDICTIVE: ("PredictiveScalingConfiguration",),
}
ADJUSTMENTS = ("ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity")


class Policies:
    """`cloudwatch` is a boto3 client. What a policy does is `firing`'s."""

    def __init__(self, books: Books, cloudwatch: Callable[[], Any]) -> None:
        self.books, self._cloudwatch = books, cloudwatch

    def put_scaling_policy(self, asked: Values) -> Mapping[str, Any]:
        group, name = self.books.group(asked["AutoScalingGroupName"]), asked["PolicyName"]
        policy = _checked({"PolicyType": SIMPLE, "Enabled": True, **asked})
        policy["AutoScalingGroupName"] = group.name
        before = group.policies.get(name)
        if before and before["PolicyType"] != policy["PolicyType"]:
            raise invalid(f"PolicyType of {name} cannot be changed from {before['PolicyType']}")
        rest = f"autoScalingGroupName/{group.name}:policyName/{name}"
        policy["PolicyARN"] = before["PolicyARN"] if before else self.books.arn("scalingPolicy", rest)
        group.policies[name] = policy
        if policy["PolicyType"] == TARGET:
            self._make_alarms(group, policy)
        return {"PolicyARN": policy["PolicyARN"], "Alarms": self._alarms(policy["PolicyARN"])}

    def describe_policies(self, asked: Values) -> Mapping[str, Any]:
        one = asked.get("AutoScalingGroupName")
        groups = [self.books.group(one)] if one else list(self.books.groups.values())
        names, kinds = asked.get("PolicyNames", []), asked.get("PolicyTypes", [])
        found = [
            policy
            for group in groups
            for policy in group.policies.values()
            if not (names and not {policy["PolicyName"], policy["PolicyARN"]} & set(names))
            and not (kinds and policy["PolicyType"] not in kinds)
        ]
        some, more = page(found, asked)
        return {
            "ScalingPolicies": [{**each, "Alarms": self._alarms(each["PolicyARN"])} for each in some],
            "NextToken": more,
        }

    def delete_policy(self, asked: Values) -> None:
        """A tracking policy's alarms go with it; of another's, only the action goes."""
        for group in self.books.groups.values():
            if asked.get("AutoScalingGroupName") in (None, group.name, group.arn):
                for name, policy in list(group.policies.items()):
                    if asked["PolicyName"] in (name, policy["PolicyARN"]):
                        del group.policies[name]
                        return self._forget(policy, keep=policy["PolicyType"] != TARGET)
        raise invalid(f"No policy found with name {asked['PolicyName']}")

    def forget(self, group: Group) -> None:
        """With the group go its policies, and the alarms that have no action left."""
        for policy in group.policies.values():
            self._forget(policy, keep=False)

    def _make_alarms(self, group: Group, policy: Values) -> None:
        self._forget(policy, keep=False)
        for side, alarm in of_target_tracking(group.name, policy).items():
            name = f"TargetTracking-{group.name}-{side}-{uuid4()}"
            self._cloudwatch().put_metric_alarm(AlarmName=name, AlarmActions=[policy["PolicyARN"]], **alarm)

    def _of(self, arn: str) -> list[Values]:
        pages = self._cloudwatch().get_paginator("describe_alarms").paginate()
        return [each for page in pages for each in page["MetricAlarms"] if arn in each.get("AlarmActions", [])]

    def _alarms(self, arn: str) -> list[Values]:
        return [{"AlarmName": each["AlarmName"], "AlarmARN": each["AlarmArn"]} for each in self._of(arn)]

    def _forget(self, policy: Values, *, keep: bool) -> None:
        for alarm in self._of(policy["PolicyARN"]):
            others = [each for each in alarm["AlarmActions"] if each != policy["PolicyARN"]]
            if others or keep:
                self._cloudwatch().put_metric_alarm(**_again(alarm), AlarmActions=others)
            else:
                self._cloudwatch().delete_alarms(AlarmNames=[alarm["AlarmName"]])


def _checked(policy: Values) -> Values:
    kind = policy["PolicyType"]
    if kind not in NEEDS:
        raise invalid(f"PolicyType must be one of {', '.join(NEEDS)}")
    for name in NEEDS[kind]:
        if name not in policy:
            raise invalid(f"{name} is required for a policy of type {kind}")
    if "AdjustmentType" in policy and policy["AdjustmentType"] not in ADJUSTMENTS:
        raise invalid(f"AdjustmentType must be one of {', '.join(ADJUSTMENTS)}")
    if kind == STEP:
        policy.setdefault("MetricAggregationType", "Average")
    if kind == TARGET:
        policy["TargetTrackingConfiguration"] = {"DisableScaleIn": False, **policy["TargetTrackingConfiguration"]}
    if kind == PREDICTIVE:
        configuration = {"Mode": "ForecastOnly", **policy["PredictiveScalingConfiguration"]}
        policy["PredictiveScalingConfiguration"] = configuration
    return policy


KEPT_OF_ALARM = frozenset(
    {
        "AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "InsufficientDataActions", "MetricName",
        "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit", "EvaluationPeriods",
        "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData", "Metrics",
    }
)  # fmt: skip


def _again(alarm: Values) -> Values:
    """What one puts to get the alarm that is described; moto tells empty values that nobody may put."""
    return {name: value for name, value in alarm.items() if name in KEPT_OF_ALARM and value not in (None, [], "")}
