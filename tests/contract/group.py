"""A scaling group of small instances that do nothing: what a rule is asked of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tests.contract.account import KIND, Account

UP, DOWN = "up", "down"
HEARTBEAT = 30
"""Seconds: the shortest that AWS takes."""


class Group:
    """Its verbs are an operator's and an agent's."""

    def __init__(self, account: Account, name: str) -> None:
        self.account, self.name = account, name
        self.asg, self.ec2 = account.client("autoscaling"), account.client("ec2")
        tags = [{"Key": "slackwater-contract", "Value": account.prefix}]
        self.ec2.create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={"ImageId": account.image, "InstanceType": KIND},
            TagSpecifications=[{"ResourceType": "launch-template", "Tags": tags}],
        )
        self.asg.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=2,
            DesiredCapacity=0,
            VPCZoneIdentifier=",".join(account.subnets),
            LaunchTemplate={"LaunchTemplateName": name, "Version": "1"},
            Tags=[{**tag, "PropagateAtLaunch": True} for tag in tags],
            LifecycleHookSpecificationList=[hook(UP, "LAUNCHING", "ABANDON"), hook(DOWN, "TERMINATING", "CONTINUE")],
        )

    def desire(self, number: int) -> None:
        self.asg.set_desired_capacity(AutoScalingGroupName=self.name, DesiredCapacity=number)

    def states(self) -> dict[str, str]:
        found = self.asg.describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])["AutoScalingGroups"]
        return {each["InstanceId"]: each["LifecycleState"] for group in found for each in group["Instances"]}

    def state(self, instance: str) -> str:
        """As the drain agent asks: DescribeAutoScalingInstances, which knows nothing of who is gone."""
        found = self.asg.describe_auto_scaling_instances(InstanceIds=[instance])["AutoScalingInstances"]
        return str(found[0]["LifecycleState"]) if found else "gone"

    def one_in(self, state: str) -> str:
        """Waits for an instance in that state."""
        return self.account.until(lambda: next((each for each, now in self.states().items() if now == state), ""))

    def is_in(self, instance: str, *states: str) -> str:
        """Waits for the instance to be in one of them."""
        return self.account.until(lambda: now if (now := self.state(instance)) in states else "")

    def serving(self) -> str:
        """One instance, in service."""
        self.desire(1)
        one = self.one_in("Pending:Wait")
        self.complete(UP, one)
        self.is_in(one, "InService")
        return one

    def complete(self, name: str, instance: str, result: str = "CONTINUE") -> None:
        about = {"AutoScalingGroupName": self.name, "LifecycleHookName": name, "InstanceId": instance}
        self.asg.complete_lifecycle_action(**about, LifecycleActionResult=result)

    def beat(self, name: str, instance: str) -> None:
        about = {"AutoScalingGroupName": self.name, "LifecycleHookName": name, "InstanceId": instance}
        self.asg.record_lifecycle_action_heartbeat(**about)

    def activities(self) -> list[dict[str, Any]]:
        """Newest first."""
        return list(self.asg.describe_scaling_activities(AutoScalingGroupName=self.name)["Activities"])

    def delete(self) -> None:
        """By force, and it is gone when this returns."""
        self.asg.delete_auto_scaling_group(AutoScalingGroupName=self.name, ForceDelete=True)
        named = {"AutoScalingGroupNames": [self.name]}
        self.account.until(lambda: not self.asg.describe_auto_scaling_groups(**named)["AutoScalingGroups"])
        self.ec2.delete_launch_template(LaunchTemplateName=self.name)


def hook(name: str, transition: str, default: str) -> dict[str, Any]:
    way = f"autoscaling:EC2_INSTANCE_{transition}"
    told = {"LifecycleHookName": name, "LifecycleTransition": way, "DefaultResult": default}
    return {**told, "HeartbeatTimeout": HEARTBEAT * 10 if name == DOWN else HEARTBEAT * 4}


def refused(call: Callable[[], object]) -> str:
    """The code of AWS's refusal; nothing where it did as it was asked."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""
