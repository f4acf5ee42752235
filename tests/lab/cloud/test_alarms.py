"""Alarms that fire policies, by a clock that the test turns."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.lab.cloud.fleet import UP, Fleet

METRIC = {"Namespace": "Slackwater", "MetricName": "Backlog"}
STEPS = [
    {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 50, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 50, "ScalingAdjustment": 3},
]


class Gauge:
    """What a program on the instances would put."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet, self.cloudwatch = fleet, fleet.endpoint.client("cloudwatch")

    def shows(self, value: float, minutes: int = 1) -> None:
        """For so many minutes; then they are over."""
        for _ in range(minutes):
            data = {"MetricName": "Backlog", "Value": value, "Timestamp": self.fleet.endpoint.cloud.now}
            self.cloudwatch.put_metric_data(Namespace="Slackwater", MetricData=[data])
            self.fleet.turn(60)

    def alarm(self, policy: str, **more: Any) -> None:
        asked = {"AlarmName": "busy", **METRIC, "Statistic": "Average", "Period": 60, "EvaluationPeriods": 2}
        asked |= {"Threshold": 100, "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": [policy]}
        self.cloudwatch.put_metric_alarm(**asked | more)

    def state(self) -> str:
        return str(self.cloudwatch.describe_alarms(AlarmNames=["busy"])["MetricAlarms"][0]["StateValue"])


@pytest.fixture
def gauge(fleet: Fleet) -> Gauge:
    return Gauge(fleet)


def policy(fleet: Fleet, **asked: Any) -> str:
    """Its ARN."""
    made = fleet.asg.put_scaling_policy(AutoScalingGroupName="g", PolicyName="p", **asked)
    return str(made["PolicyARN"])


def step(fleet: Fleet, **more: Any) -> str:
    asked = {"PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity", "StepAdjustments": STEPS} | more
    return policy(fleet, **asked)


def desired(fleet: Fleet) -> int:
    return int(fleet.asg.describe_auto_scaling_groups()["AutoScalingGroups"][0]["DesiredCapacity"])


def test_an_alarm_rings_when_all_its_periods_breach(fleet: Fleet, gauge: Gauge) -> None:
    """And fires its policy; the activity names both."""
    fleet.make(DesiredCapacity=1)
    gauge.alarm(step(fleet))
    gauge.shows(120)
    gauge.shows(90)
    gauge.shows(120)
    before = gauge.state(), desired(fleet)
    gauge.shows(120)

    assert ("OK", 1) == before
    assert ("ALARM", 2) == (gauge.state(), desired(fleet))
    assert "monitor alarm busy in state ALARM triggered policy p" in fleet.activities()[0]["Cause"]


def test_a_higher_breach_takes_a_larger_step_and_counts_who_is_warming(fleet: Fleet, gauge: Gauge) -> None:
    """One that is coming is one less to launch; in the same step nobody else is launched."""
    fleet.make(DesiredCapacity=1, MaxSize=9)
    gauge.alarm(step(fleet, EstimatedInstanceWarmup=300))
    gauge.shows(120, minutes=2)
    first = desired(fleet)
    gauge.shows(120)
    same = desired(fleet)
    gauge.shows(200)

    assert (2, 2, 4) == (first, same, desired(fleet))


def test_an_alarm_that_goes_on_fires_again_when_nobody_is_warming(fleet: Fleet, gauge: Gauge) -> None:
    """Once a minute; never beyond the maximum."""
    fleet.make(DesiredCapacity=1, MaxSize=3)
    gauge.alarm(step(fleet, EstimatedInstanceWarmup=0))
    sizes = []
    for _ in range(5):
        gauge.shows(120)
        sizes.append(desired(fleet))

    assert [1, 2, 3, 3, 3] == sizes


def test_a_simple_policy_cools_down(fleet: Fleet, gauge: Gauge) -> None:
    """The group's own time unless the policy has one."""
    fleet.make(DesiredCapacity=1)
    more = {"PolicyType": "SimpleScaling", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}
    gauge.alarm(policy(fleet, **more, Cooldown=150), EvaluationPeriods=1)
    sizes = []
    for _ in range(4):
        gauge.shows(120)
        sizes.append(desired(fleet))

    assert [2, 2, 2, 3] == sizes


def test_a_group_does_not_shrink_while_it_grows(fleet: Fleet, gauge: Gauge) -> None:
    """Its hook still holds the newcomer."""
    fleet.make([UP | {"HeartbeatTimeout": 600}], DesiredCapacity=2)
    down = {"PolicyType": "SimpleScaling", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": -1}
    arn = policy(fleet, **down, Cooldown=0)
    gauge.alarm(arn, EvaluationPeriods=1, Threshold=10, ComparisonOperator="LessThanThreshold")
    fleet.endpoint.cloud.turn(1)
    gauge.shows(5)
    before = desired(fleet)

    assert 2 == before
    for instance in fleet.ids():
        fleet.complete("up", "CONTINUE", instance)
    gauge.shows(5)
    assert 1 == desired(fleet)


def test_a_target_is_followed_in_proportion(fleet: Fleet, gauge: Gauge) -> None:
    """By the alarms that the policy made for itself; on the way in after a quarter of an hour below nine tenths."""
    fleet.make(DesiredCapacity=2, MaxSize=9)
    target = {"CustomizedMetricSpecification": {**METRIC, "Statistic": "Average"}, "TargetValue": 100.0}
    policy(fleet, PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=target, EstimatedInstanceWarmup=0)
    gauge.shows(190, minutes=3)
    grown = desired(fleet)
    gauge.shows(45, minutes=14)
    kept = desired(fleet)
    gauge.shows(45)

    assert (4, 4, 2) == (grown, kept, desired(fleet))


@pytest.mark.parametrize("obstacle", ["suspended", "disabled", "mute"])
def test_an_alarm_that_may_not_act_only_rings(fleet: Fleet, gauge: Gauge, obstacle: str) -> None:
    """The group's process, the policy, or the alarm itself is switched off."""
    fleet.make(DesiredCapacity=1)
    gauge.alarm(step(fleet, Enabled=obstacle != "disabled"), ActionsEnabled=obstacle != "mute")
    if obstacle == "suspended":
        fleet.suspend("AlarmNotification")
    gauge.shows(120, minutes=3)

    assert ("ALARM", 1) == (gauge.state(), desired(fleet))


@pytest.mark.parametrize(
    ("treated", "state"), [("missing", "ALARM"), ("notBreaching", "OK"), ("breaching", "ALARM"), ("ignore", "OK")]
)
def test_silence_is_treated_as_the_alarm_says(fleet: Fleet, gauge: Gauge, treated: str, state: str) -> None:
    """One breaching minute and silence after it: with `missing` that is enough for CloudWatch."""
    fleet.make()
    gauge.alarm(step(fleet), TreatMissingData=treated)
    gauge.shows(120)
    fleet.turn(60)

    assert state == gauge.state()


def test_an_alarm_without_data_says_so(fleet: Fleet, gauge: Gauge) -> None:
    """moto calls it OK for ever."""
    fleet.make()
    gauge.alarm(step(fleet))
    fleet.turn(60)

    assert "INSUFFICIENT_DATA" == gauge.state()


def test_a_state_that_a_user_sets_fires_too(fleet: Fleet, gauge: Gauge) -> None:
    """At once, and once: the same state again is no change."""
    fleet.make(DesiredCapacity=1)
    gauge.alarm(step(fleet, EstimatedInstanceWarmup=0))
    for _ in range(2):
        gauge.cloudwatch.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="a drill")

    assert 2 == desired(fleet)


@pytest.mark.parametrize(
    ("kind", "amount", "more", "size"),
    [
        ("ExactCapacity", 4, {}, 4),
        ("PercentChangeInCapacity", 10, {}, 6),
        ("PercentChangeInCapacity", 50, {}, 7),
        ("PercentChangeInCapacity", 10, {"MinAdjustmentMagnitude": 3}, 8),
        ("PercentChangeInCapacity", -50, {}, 3),
        ("ChangeInCapacity", 99, {}, 9),
        ("ChangeInCapacity", -99, {}, 0),
    ],
)
def test_a_policy_is_executed_by_hand(fleet: Fleet, kind: str, amount: int, more: dict[str, int], size: int) -> None:
    """Percentages go towards zero, one instance at least; the group's bounds hold."""
    fleet.make(DesiredCapacity=5, MaxSize=9)
    policy(fleet, PolicyType="SimpleScaling", AdjustmentType=kind, ScalingAdjustment=amount, **more)
    fleet.asg.execute_policy(AutoScalingGroupName="g", PolicyName="p")

    assert size == desired(fleet)


def test_a_step_policy_is_executed_with_a_value(fleet: Fleet) -> None:
    """Without one nobody knows which step; a target is nothing that could be executed."""
    fleet.make(DesiredCapacity=1)
    step(fleet)
    fleet.asg.execute_policy(AutoScalingGroupName="g", PolicyName="p", MetricValue=160, BreachThreshold=100)

    assert 4 == desired(fleet)
    with pytest.raises(ClientError, match="MetricValue and BreachThreshold"):
        fleet.asg.execute_policy(AutoScalingGroupName="g", PolicyName="p")
