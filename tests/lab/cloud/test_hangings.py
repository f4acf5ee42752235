"""What hangs on a group: policies, schedules, warm pools, notifications, processes, metrics."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slackwater.lab.cloud import Endpoint, Ground
from tests.lab.cloud.conftest import Make

STEP: dict[str, Any] = {
    "PolicyType": "StepScaling",
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 2}],
    "EstimatedInstanceWarmup": 120,
}
TARGET: dict[str, Any] = {
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingConfiguration": {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
        "TargetValue": 60.0,
    },
}
PREDICTIVE: dict[str, Any] = {
    "PolicyType": "PredictiveScaling",
    "PredictiveScalingConfiguration": {
        "MetricSpecifications": [
            {
                "TargetValue": 50.0,
                "PredefinedMetricPairSpecification": {"PredefinedMetricType": "ASGCPUUtilization"},
            }
        ],
        "Mode": "ForecastAndScale",
    },
}


def put(asg: Any, group: str, name: str, policy: dict[str, Any]) -> str:
    arn = asg.put_scaling_policy(AutoScalingGroupName=group, PolicyName=name, **policy)["PolicyARN"]
    return str(arn)


def policies(asg: Any, group: str) -> list[dict[str, Any]]:
    return list(asg.describe_policies(AutoScalingGroupName=group)["ScalingPolicies"])


def alarms(endpoint: Endpoint, arn: str) -> list[dict[str, Any]]:
    found = endpoint.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return [each for each in found if arn in each["AlarmActions"]]


@pytest.mark.parametrize("policy", [STEP, TARGET, PREDICTIVE], ids=["step", "target", "predictive"])
def test_a_policy_is_described_as_it_was_put(make: Make, asg: Any, policy: dict[str, Any]) -> None:
    """Its ARN comes back from the put, which moto forgets, and stays the same over updates."""
    group = f"policy-{policy['PolicyType']}"
    make(group)
    arns = {put(asg, group, "p", policy), put(asg, group, "p", policy)}
    found = policies(asg, group)[0]
    configuration = {key: value for key, value in policy.items() if key != "TargetTrackingConfiguration"}

    assert {found["PolicyARN"]} == arns
    assert configuration == {key: found[key] for key in configuration}
    for key, value in policy.get("TargetTrackingConfiguration", {}).items():
        assert value == found["TargetTrackingConfiguration"][key]


def test_two_groups_have_policies_of_the_same_name(make: Make, asg: Any) -> None:
    """moto takes the first one's away."""
    for group in ("same-a", "same-b"):
        make(group)
        put(asg, group, "cpu", STEP)
    asg.delete_policy(AutoScalingGroupName="same-b", PolicyName="cpu")

    assert (1, 0) == (len(policies(asg, "same-a")), len(policies(asg, "same-b")))


def test_an_alarm_is_the_policys_that_it_calls(make: Make, asg: Any, endpoint: Endpoint) -> None:
    """DescribePolicies names it; with the policy only the action goes."""
    make("alarmed")
    arn = put(asg, "alarmed", "cpu", STEP)
    alarm = {
        "AlarmName": "cpu-high",
        "Namespace": "AWS/EC2",
        "MetricName": "CPUUtilization",
        "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "alarmed"}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 5,
        "Threshold": 70.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "missing",
        "AlarmActions": [arn],
    }
    cloudwatch = endpoint.client("cloudwatch")
    cloudwatch.put_metric_alarm(**alarm)
    named = policies(asg, "alarmed")[0]["Alarms"]
    kept = alarms(endpoint, arn)[0]
    asg.delete_policy(AutoScalingGroupName="alarmed", PolicyName=arn)
    left = cloudwatch.describe_alarms(AlarmNames=["cpu-high"])["MetricAlarms"]

    assert ["cpu-high"] == [each["AlarmName"] for each in named]
    assert alarm == {key: kept[key] for key in alarm}
    assert [[]] == [each["AlarmActions"] for each in left]


def test_target_tracking_makes_its_own_alarms(make: Make, asg: Any, endpoint: Endpoint) -> None:
    """And takes them with it, also when the group is deleted."""
    make("tracked")
    arn = put(asg, "tracked", "cpu", TARGET)
    made = {each["AlarmName"].split("-")[2] for each in alarms(endpoint, arn)}
    quiet = {**TARGET["TargetTrackingConfiguration"], "DisableScaleIn": True}
    put(asg, "tracked", "cpu", TARGET | {"TargetTrackingConfiguration": quiet})
    fewer = {each["AlarmName"].split("-")[2] for each in alarms(endpoint, arn)}
    asg.delete_auto_scaling_group(AutoScalingGroupName="tracked")

    assert ({"AlarmHigh", "AlarmLow"}, {"AlarmHigh"}) == (made, fewer)
    assert [] == alarms(endpoint, arn)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"PolicyType": "Guessing"}, "PolicyType must be one of"),
        ({"PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity"}, "StepAdjustments is required"),
        (STEP | {"AdjustmentType": "More"}, "AdjustmentType must be one of"),
        (
            {
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingConfiguration": {
                    "TargetValue": 1.0,
                    "PredefinedMetricSpecification": {"PredefinedMetricType": "Mood"},
                },
            },
            "PredefinedMetricType Mood is not valid",
        ),
    ],
)
def test_a_wrong_policy_is_refused(make: Make, asg: Any, wrong: dict[str, Any], complaint: str) -> None:
    """moto accepts any metric and a group that is not there."""
    if not asg.describe_auto_scaling_groups(AutoScalingGroupNames=["pol-wrong"])["AutoScalingGroups"]:
        make("pol-wrong")
    with pytest.raises(ClientError, match=complaint):
        put(asg, "pol-wrong", "p", wrong)
    with pytest.raises(ClientError, match="name not found"):
        put(asg, "nobody", "p", STEP)


def test_a_schedule_is_described_as_it_was_put(make: Make, asg: Any) -> None:
    """Each group has its own, moto has one book of names for all."""
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    wanted = {"Recurrence": "0 8 * * 1-5", "TimeZone": "Europe/Berlin", "MinSize": 1, "DesiredCapacity": 2}
    for group, more in (("plan-a", {"StartTime": start, "EndTime": start + timedelta(days=9)}), ("plan-b", {})):
        make(group)
        asg.put_scheduled_update_group_action(
            AutoScalingGroupName=group, ScheduledActionName="morning", **wanted, **more
        )
    found = asg.describe_scheduled_actions(AutoScalingGroupName="plan-a")["ScheduledUpdateGroupActions"]
    asg.delete_scheduled_action(AutoScalingGroupName="plan-b", ScheduledActionName="morning")

    assert [wanted | {"StartTime": start}] == [{key: each[key] for key in (*wanted, "StartTime")} for each in found]
    assert [] == asg.describe_scheduled_actions(AutoScalingGroupName="plan-b")["ScheduledUpdateGroupActions"]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"Recurrence": "0 8 * * *"}, "at least one of MinSize"),
        ({"Recurrence": "daily", "MinSize": 1}, "recurrence string"),
        ({"MinSize": 1}, "Either Recurrence or StartTime"),
        ({"Recurrence": "0 8 * * *", "MinSize": 1, "TimeZone": "Mars/North"}, "Invalid time zone"),
        ({"StartTime": datetime(2020, 1, 1, tzinfo=UTC), "MinSize": 1}, "in the past"),
    ],
)
def test_a_wrong_schedule_is_refused(make: Make, asg: Any, wrong: dict[str, Any], complaint: str) -> None:
    """Before it is in the books."""
    if not asg.describe_auto_scaling_groups(AutoScalingGroupNames=["plan-wrong"])["AutoScalingGroups"]:
        make("plan-wrong")
    with pytest.raises(ClientError, match=complaint):
        asg.put_scheduled_update_group_action(AutoScalingGroupName="plan-wrong", ScheduledActionName="s", **wrong)


def test_a_warm_pool_has_instances_that_come_first(make: Make, asg: Any, ec2: Any, described: Any) -> None:
    """Prepared ones are stopped until the group grows; moto's pool stays empty for ever."""
    make("warm", DesiredCapacity=1)
    wanted = {"MinSize": 1, "MaxGroupPreparedCapacity": 3, "PoolState": "Stopped"}
    asg.put_warm_pool(AutoScalingGroupName="warm", **wanted, InstanceReusePolicy={"ReuseOnScaleIn": False})
    pool = asg.describe_warm_pool(AutoScalingGroupName="warm")
    prepared = [each["InstanceId"] for each in pool["Instances"]]
    states = ec2.describe_instances(InstanceIds=prepared)["Reservations"]
    asg.set_desired_capacity(AutoScalingGroupName="warm", DesiredCapacity=2)
    after = described("warm")

    assert wanted == {key: pool["WarmPoolConfiguration"][key] for key in wanted}
    assert ["Warmed:Stopped"] * 2 == [each["LifecycleState"] for each in pool["Instances"]]
    assert {"stopped"} == {each["State"]["Name"] for page in states for each in page["Instances"]}
    assert prepared[0] in {each["InstanceId"] for each in after["Instances"]}
    assert (2, 1) == (len(after["Instances"]), after["WarmPoolSize"])
    asg.delete_warm_pool(AutoScalingGroupName="warm")
    assert "WarmPoolConfiguration" not in asg.describe_warm_pool(AutoScalingGroupName="warm")


def test_a_warm_pool_of_several_types_but_not_of_spot(make: Make, asg: Any) -> None:
    """AWS takes back a spot instance; it would not wait for the group to grow."""
    make("types")
    launch = {
        "LaunchTemplateSpecification": {"LaunchTemplateName": "web", "Version": "1"},
        "Overrides": [{"InstanceType": "t3.micro"}, {"InstanceType": "t3.small"}],
    }
    for share, put in ((50, pytest.raises(ClientError, match="Spot")), (100, nullcontext())):
        distribution = {"OnDemandPercentageAboveBaseCapacity": share}
        policy = {"LaunchTemplate": launch, "InstancesDistribution": distribution}
        asg.update_auto_scaling_group(AutoScalingGroupName="types", MixedInstancesPolicy=policy)
        with put:
            asg.put_warm_pool(AutoScalingGroupName="types", MinSize=1, MaxGroupPreparedCapacity=1)

    assert ["Warmed:Stopped"] == [
        each["LifecycleState"] for each in asg.describe_warm_pool(AutoScalingGroupName="types")["Instances"]
    ]


def test_notifications_are_described_as_they_were_put(make: Make, asg: Any, ground: Ground) -> None:
    """A second call for a topic takes the place of the first."""
    make("noted")
    for kinds in (["EC2_INSTANCE_LAUNCH", "EC2_INSTANCE_TERMINATE"], ["EC2_INSTANCE_LAUNCH_ERROR"]):
        asg.put_notification_configuration(
            AutoScalingGroupName="noted",
            TopicARN=ground.topic,
            NotificationTypes=[f"autoscaling:{kind}" for kind in kinds],
        )
    names = {"AutoScalingGroupName": "noted", "TopicARN": ground.topic}
    find = asg.describe_notification_configurations

    expected = [names | {"NotificationType": "autoscaling:EC2_INSTANCE_LAUNCH_ERROR"}]
    assert expected == find(AutoScalingGroupNames=["noted"])["NotificationConfigurations"]
    asg.delete_notification_configuration(**names)
    assert [] == find(AutoScalingGroupNames=["noted"])["NotificationConfigurations"]
    with pytest.raises(ClientError, match="not a valid Notification Type"):
        asg.put_notification_configuration(**names, NotificationTypes=["autoscaling:LUNCH"])


def test_launch_suspended_launches_nothing(make: Make, asg: Any, described: Any) -> None:
    """moto launches all the same. What is missing comes when it is resumed."""
    make("halted")
    asg.suspend_processes(AutoScalingGroupName="halted", ScalingProcesses=["Launch"])
    asg.set_desired_capacity(AutoScalingGroupName="halted", DesiredCapacity=2)
    halted = described("halted")
    asg.resume_processes(AutoScalingGroupName="halted", ScalingProcesses=["Launch"])

    assert [] == halted["Instances"]
    assert ["Launch"] == [each["ProcessName"] for each in halted["SuspendedProcesses"]]
    assert 2 == len(described("halted")["Instances"])
    with pytest.raises(ClientError, match="not a valid process"):
        asg.suspend_processes(AutoScalingGroupName="halted", ScalingProcesses=["Lunch"])


def test_metrics_are_collected_until_they_are_not(make: Make, asg: Any, described: Any) -> None:
    """None named is all."""
    make("metric")
    asg.enable_metrics_collection(AutoScalingGroupName="metric", Granularity="1Minute", Metrics=["GroupMinSize"])
    one = [each["Metric"] for each in described("metric")["EnabledMetrics"]]
    asg.disable_metrics_collection(AutoScalingGroupName="metric")

    assert (["GroupMinSize"], []) == (one, described("metric")["EnabledMetrics"])
