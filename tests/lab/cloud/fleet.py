"""One group `g` in a cloud whose instances take time, by a clock that the test turns."""

from __future__ import annotations

from typing import Any

from slackwater.lab.cloud import Endpoint
from tests.lab.cloud.conftest import group_arguments, template_data

LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"
UP = {"LifecycleHookName": "up", "LifecycleTransition": LAUNCHING, "HeartbeatTimeout": 60, "DefaultResult": "ABANDON"}
DOWN = {"LifecycleHookName": "down", "LifecycleTransition": TERMINATING, "HeartbeatTimeout": 60}
DOWN |= {"DefaultResult": "CONTINUE"}


class Fleet:
    """Its verbs are those of an operator and of the instances themselves."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.asg, self.elb = endpoint.client("autoscaling"), endpoint.client("elbv2")
        self.ec2, self.ground = endpoint.client("ec2"), endpoint.cloud.ground()
        self.ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=template_data(self.ground))

    def make(self, hooks: list[dict[str, Any]] | None = None, **more: Any) -> None:
        asked = group_arguments(self.ground, "g", LifecycleHookSpecificationList=hooks or [], **more)
        self.asg.create_auto_scaling_group(**asked)

    def target_group(self, delay: int = 70, **more: Any) -> str:
        """Behind a load balancer; its ARN."""
        asked = {"Name": "tg", "Protocol": "HTTP", "Port": 8000, "VpcId": self.ground.vpc} | more
        arn = str(self.elb.create_target_group(**asked)["TargetGroups"][0]["TargetGroupArn"])
        attributes = [{"Key": "deregistration_delay.timeout_seconds", "Value": str(delay)}]
        self.elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=attributes)
        made = self.elb.create_load_balancer(Name="lb", Subnets=list(self.ground.subnets), Type="application")
        action = {"Type": "forward", "TargetGroupArn": arn}
        balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
        self.elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[action])
        return arn

    def targets(self, arn: str) -> list[str]:
        found = self.elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return [each["TargetHealth"]["State"] for each in found]

    def instances(self) -> list[dict[str, Any]]:
        return list(self.asg.describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"])

    def ids(self) -> list[str]:
        return [each["InstanceId"] for each in self.instances()]

    def states(self) -> list[str]:
        return [each["LifecycleState"] for each in self.instances()]

    def path(self, instance: str) -> list[str]:
        """Every state it has had."""
        return [state for who, state in self.endpoint.cloud.states if who == instance]

    def desire(self, number: int) -> None:
        self.asg.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=number)

    def complete(self, hook: str, result: str, instance: str | None = None) -> None:
        instance = instance or self.ids()[0]
        self.asg.complete_lifecycle_action(
            AutoScalingGroupName="g", LifecycleHookName=hook, InstanceId=instance, LifecycleActionResult=result
        )

    def beat(self, hook: str) -> None:
        self.asg.record_lifecycle_action_heartbeat(
            AutoScalingGroupName="g", LifecycleHookName=hook, InstanceId=self.ids()[0]
        )

    def suspend(self, *processes: str) -> None:
        self.asg.suspend_processes(AutoScalingGroupName="g", ScalingProcesses=list(processes))

    def resume(self, *processes: str) -> None:
        self.asg.resume_processes(AutoScalingGroupName="g", ScalingProcesses=list(processes))

    def turn(self, seconds: float) -> None:
        self.endpoint.cloud.turn(seconds)

    def activities(self) -> list[dict[str, Any]]:
        """Newest first."""
        return list(self.asg.describe_scaling_activities(AutoScalingGroupName="g")["Activities"])

    def activity(self) -> tuple[str, str]:
        """Of the last launch."""
        last = next(each for each in self.activities() if each["Description"].startswith("Launching"))
        return last["StatusCode"], last.get("StatusMessage", "")
