"""Auto Scaling: a group from its first instance to its last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.lab.cloud.fleet import DOWN, UP
from tests.lab.cloud.tour.heard import Tour

NAME = "g"
G = {"AutoScalingGroupName": NAME}
CAREFUL = {"MinHealthyPercentage": 50, "InstanceWarmup": 60, "AlarmSpecification": {"Alarms": ["busy"]}}


def autoscaling(tour: Tour, target_group: str) -> None:
    """Its clock is turned by `Tour.endpoint`."""
    tag = {"ResourceId": NAME, "ResourceType": "auto-scaling-group", "Key": "team", "Value": "web"}
    tour.autoscaling.create_auto_scaling_group(
        **G,
        MinSize=0,
        MaxSize=6,
        DesiredCapacity=0,
        VPCZoneIdentifier=",".join(tour.ground.subnets),
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "2"},
        TargetGroupARNs=[target_group],
        Tags=[tag | {"PropagateAtLaunch": True}],
    )
    hang_on(tour, target_group, tag)
    hooks(tour)
    members(tour)
    sizes(tour)
    refreshes(tour)
    gone(tour)


def hang_on(tour: Tour, target_group: str, tag: dict[str, str]) -> None:
    """What a group can have: tags, metrics, topics, target groups."""
    asg, told = tour.autoscaling, {"TopicARN": tour.ground.topic}
    asg.create_or_update_tags(Tags=[{**tag, "Value": "app", "PropagateAtLaunch": True}])
    asg.describe_tags()
    asg.delete_tags(Tags=[{name: tag[name] for name in ("ResourceId", "ResourceType", "Key")}])
    asg.enable_metrics_collection(**G, Granularity="1Minute")
    asg.describe_auto_scaling_groups()
    asg.disable_metrics_collection(**G)
    asg.put_notification_configuration(**G, **told, NotificationTypes=["autoscaling:EC2_INSTANCE_LAUNCH"])
    asg.describe_notification_configurations()
    asg.delete_notification_configuration(**G, **told)
    asg.describe_load_balancer_target_groups(**G)
    asg.detach_load_balancer_target_groups(**G, TargetGroupARNs=[target_group])
    asg.attach_load_balancer_target_groups(**G, TargetGroupARNs=[target_group])
    source = [{"Identifier": target_group, "Type": "elbv2"}]
    asg.detach_traffic_sources(**G, TrafficSources=source)
    asg.attach_traffic_sources(**G, TrafficSources=source)
    asg.describe_traffic_sources(**G)


def hooks(tour: Tour) -> None:
    """One instance comes up, held by its hook, and beats."""
    asg = tour.autoscaling
    queue = tour.sqs.create_queue(QueueName="life")["QueueUrl"]
    arn = tour.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for hook in (UP, DOWN):
        asg.put_lifecycle_hook(**G, **hook, NotificationTargetARN=arn, RoleARN="arn:aws:iam::123456789012:role/lab")
    asg.describe_lifecycle_hooks(**G)
    asg.set_desired_capacity(**G, DesiredCapacity=1)
    one = ids(tour)[0]
    asg.record_lifecycle_action_heartbeat(**G, LifecycleHookName="up", InstanceId=one)
    asg.complete_lifecycle_action(**G, LifecycleHookName="up", InstanceId=one, LifecycleActionResult="CONTINUE")
    for hook in ("up", "down"):
        asg.delete_lifecycle_hook(**G, LifecycleHookName=hook)


def members(tour: Tour) -> None:
    """What can be done with one instance of a few."""
    asg = tour.autoscaling
    asg.set_desired_capacity(**G, DesiredCapacity=3)
    asg.describe_auto_scaling_instances()
    one, other, last = ids(tour)
    asg.set_instance_protection(**G, InstanceIds=[one], ProtectedFromScaleIn=True)
    asg.set_instance_protection(**G, InstanceIds=[one], ProtectedFromScaleIn=False)
    asg.set_instance_health(InstanceId=one, HealthStatus="Healthy")
    asg.enter_standby(**G, InstanceIds=[one], ShouldDecrementDesiredCapacity=True)
    tour.endpoint.cloud.turn(400)
    asg.describe_auto_scaling_groups()
    asg.exit_standby(**G, InstanceIds=[one])
    asg.detach_instances(**G, InstanceIds=[other], ShouldDecrementDesiredCapacity=True)
    asg.terminate_instance_in_auto_scaling_group(InstanceId=last, ShouldDecrementDesiredCapacity=True)
    asg.describe_scaling_activities(**G)
    asg.suspend_processes(**G, ScalingProcesses=["AZRebalance"])
    asg.describe_auto_scaling_groups()
    asg.resume_processes(**G)
    tour.endpoint.cloud.turn(400)


def sizes(tour: Tour) -> None:
    """Policies of every kind, schedules, a warm pool."""
    asg, morning = tour.autoscaling, datetime.now(UTC) + timedelta(days=1)
    step = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [step_of(0, 10, 1), step_of(10, None, 2)]}
    asg.put_scaling_policy(**G, PolicyName="step", PolicyType="StepScaling", **step)
    asg.put_scaling_policy(
        **G, PolicyName="simple", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1, Cooldown=60
    )
    cpu = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 50.0}
    asg.put_scaling_policy(
        **G, PolicyName="target", PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=cpu
    )
    asg.execute_policy(**G, PolicyName="simple")
    asg.describe_policies(**G)
    asg.delete_policy(**G, PolicyName="simple")
    asg.put_scheduled_update_group_action(
        **G, ScheduledActionName="m", Recurrence="0 7 * * *", StartTime=morning, MinSize=1, MaxSize=5, DesiredCapacity=2
    )
    asg.describe_scheduled_actions(**G)
    asg.delete_scheduled_action(**G, ScheduledActionName="m")
    asg.put_warm_pool(**G, MinSize=1, MaxGroupPreparedCapacity=2, InstanceReusePolicy={"ReuseOnScaleIn": False})
    tour.endpoint.cloud.turn(1)
    asg.describe_warm_pool(**G)
    asg.delete_warm_pool(**G)


def step_of(low: float, high: float | None, amount: int) -> dict[str, Any]:
    bounds = {"MetricIntervalLowerBound": low, "MetricIntervalUpperBound": high, "ScalingAdjustment": amount}
    return {name: value for name, value in bounds.items() if value is not None}


def refreshes(tour: Tour) -> None:
    """One that is cancelled, one that is rolled back."""
    asg, template = tour.autoscaling, {"LaunchTemplateName": "web", "Version": "3"}
    tour.ec2.create_launch_template_version(
        LaunchTemplateName="web", LaunchTemplateData={"InstanceType": "t3.large"}, SourceVersion="2"
    )
    tour.cloudwatch.put_metric_alarm(
        AlarmName="busy", Namespace="web", MetricName="busy", Statistic="Average", Period=60, EvaluationPeriods=1,
        Threshold=5.0, ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching",
    )  # fmt: skip
    asg.update_auto_scaling_group(**G, DesiredCapacity=2)
    for end in (asg.cancel_instance_refresh, asg.rollback_instance_refresh):
        asg.start_instance_refresh(**G, DesiredConfiguration={"LaunchTemplate": template}, Preferences=CAREFUL)
        asg.describe_instance_refreshes(**G)
        end(**G)
        for _ in range(12):
            tour.endpoint.cloud.turn(400)
            asg.describe_instance_refreshes(**G)


def gone(tour: Tour) -> None:
    tour.autoscaling.delete_auto_scaling_group(**G, ForceDelete=True)
    tour.autoscaling.describe_scaling_activities(IncludeDeletedGroups=True)


def ids(tour: Tour) -> list[str]:
    found = tour.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"][0]
    return [each["InstanceId"] for each in found["Instances"]]
