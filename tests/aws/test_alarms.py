"""Alarms: what sets off a step policy, and what silence counts as."""

from __future__ import annotations

from typing import Any

import pytest

from slackwater.aws.alarms import alarm_name, plan_alarms, surplus_alarms, wanted_alarm
from slackwater.aws.call import Ref
from slackwater.aws.target_group import FoundTargetGroup
from slackwater.settings import Metric, Policy, TargetGroup
from tests.aws.resources import VPC, checked, declare, names

ARN = "arn:aws:autoscaling:eu-central-1:123456789012:scalingPolicy:1:autoScalingGroupName/shop:policyName/high"
HIGH, LOW = Policy.defaults()


def alarm(policy: Policy, **told: Any) -> dict[str, Any]:
    return wanted_alarm(declare(policies=[policy], **told), policy, ARN, {})


def test_silence_never_takes_instances_away() -> None:
    """A scale-in alarm counts a minute without a value as a good one."""
    assert "notBreaching" == alarm(LOW)["TreatMissingData"]


def test_a_gap_does_not_begin_the_count_of_a_peak_anew() -> None:
    """A scale-out alarm looks at the values that are there."""
    assert "missing" == alarm(HIGH)["TreatMissingData"]


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        (Policy.step("a", Metric.cpu(), below=30, adjustment=2, adjustment_type="ExactCapacity"), "notBreaching"),
        (Policy.step("a", Metric.cpu(), above=70, adjustment=9, adjustment_type="ExactCapacity"), "missing"),
    ],
)
def test_an_exact_size_shrinks_when_the_metric_is_below(policy: Policy, wanted: str) -> None:
    """Its number does not tell whether it is fewer."""
    assert wanted == alarm(policy)["TreatMissingData"]


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        (HIGH, ("AWS/EC2", "CPUUtilization", 60, 5, 70.0, "GreaterThanThreshold")),
        (LOW, ("AWS/EC2", "CPUUtilization", 60, 10, 30.0, "LessThanThreshold")),
    ],
)
def test_the_defaults_are_those_of_the_guides(policy: Policy, wanted: tuple[Any, ...]) -> None:
    """CPU over 70 % for five minutes, under 30 % for ten."""
    fields = ("Namespace", "MetricName", "Period", "EvaluationPeriods", "Threshold", "ComparisonOperator")
    found = alarm(policy)

    assert wanted == tuple(found[field] for field in fields)
    assert [{"Name": "AutoScalingGroupName", "Value": "shop"}] == found["Dimensions"]


def test_no_group_can_have_the_alarm_of_another() -> None:
    """`shop-b` with `high`, and `shop` with `b-high`, would share a name if both were joined by a hyphen."""
    shop, sibling = declare(name="shop"), declare(name="shop-b")

    assert alarm_name(sibling, "high") != alarm_name(shop, "b-high")
    assert not alarm_name(sibling, "high").startswith(alarm_name(shop, ""))


def test_requests_are_looked_for_at_the_target_group_of_the_same_plan() -> None:
    """Its ARN's end is the dimension."""
    policy = Policy.step("many", Metric.requests_per_target(target_group="web"), above=500, adjustment=1)
    group = declare(policies=[policy], target_groups=[TargetGroup(name="web", vpc=VPC)])
    there = {"web": FoundTargetGroup("web", "arn:aws:elasticloadbalancing:eu:1:targetgroup/web/0123")}

    assert [{"Name": "TargetGroup", "Value": "targetgroup/web/0123"}] == wanted_alarm(group, policy, ARN, there)[
        "Dimensions"
    ]
    (call,) = checked(plan_alarms(group, policy, ARN, None, {}))
    assert [{"Name": "TargetGroup", "Value": Ref("target_group.web", after=":")}] == call.arguments["Dimensions"]
    assert "Sum" == call.arguments["Statistic"]


def test_a_custom_metric_keeps_its_dimensions() -> None:
    """All of them, in the order of their names."""
    memory = Metric.custom("CWAgent", "mem_used_percent", dimensions={"b": "2", "a": "1"}, statistic="Maximum")
    found = alarm(Policy.step("memory", memory, above=80, adjustment=1))

    assert ("CWAgent", "mem_used_percent", "Maximum") == (
        found["Namespace"],
        found["MetricName"],
        found["Statistic"],
    )
    assert [{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}] == found["Dimensions"]


def test_what_was_changed_by_hand_is_put_back_by_name() -> None:
    """An alarm whose actions are off sets off nothing."""
    group = declare(policies=[HIGH])
    there = {**wanted_alarm(group, HIGH, ARN, {}), "ActionsEnabled": False, "TreatMissingData": "breaching"}

    assert ["put_metric_alarm: ActionsEnabled False -> True; TreatMissingData breaching -> missing"] == names(
        plan_alarms(group, HIGH, ARN, there, {})
    )


def test_targets_and_forecasts_need_no_alarm_of_ours() -> None:
    """AWS makes and deletes its own."""
    policy = Policy.target("cpu", Metric.cpu(), value=50)

    assert [] == plan_alarms(declare(policies=[policy]), policy, ARN, None, {})


def test_a_surplus_alarm_goes_by_name() -> None:
    """One whose policy is declared stays, and one whose policy became a target goes."""
    group = declare(policies=[HIGH, Policy.target("low", Metric.cpu(), value=50)])
    there = {alarm_name(group, name): {} for name in ("cpu-high", "low", "former")}

    assert [["slackwater-shop:low"], ["slackwater-shop:former"]] == [
        call.arguments["AlarmNames"] for call in checked(surplus_alarms(group, there))
    ]
