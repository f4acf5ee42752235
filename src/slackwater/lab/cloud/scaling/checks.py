"""What Auto Scaling refuses of a group's settings, in AWS's words where they are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from slackwater.lab.cloud.errors import AwsError, invalid
from slackwater.lab.cloud.scaling.books import Group, Values
from slackwater.lab.cloud.scaling.choice import POLICIES
from slackwater.lab.cloud.scaling.launcher import Launcher

HEALTH = {"EC2", "ELB", "VPC_LATTICE", "EBS"}
LAUNCHED_FROM = ("LaunchTemplate", "MixedInstancesPolicy")
NEEDED = ("ImageId",)
DAY, YEAR = 86400, 31536000
LIFETIME = f"Maximum instance lifetime must be equal to 0 or between {DAY} and {YEAR} seconds (inclusive)"


def sizes(settings: Mapping[str, Any]) -> None:
    low, high, desired = settings["MinSize"], settings["MaxSize"], settings["DesiredCapacity"]
    if low > high:
        raise invalid(f"Max bound, {high}, must be greater than or equal to min bound, {low}")
    if not low <= desired <= high:
        raise invalid(f"Desired capacity:{desired} must be between the specified min size:{low} and max size:{high}")


def values(asked: Values) -> None:
    """Each by itself."""
    if unknown := set(asked.get("TerminationPolicies", [])) - set(POLICIES):
        raise invalid(f"Invalid Termination Policy: {sorted(unknown)[0]}")
    for kind in asked.get("HealthCheckType", "EC2").split(","):
        if kind.strip() not in HEALTH:
            raise invalid(f"Invalid Health Check Type: {kind}")
    lifetime = asked.get("MaxInstanceLifetime", 0)
    if lifetime and not DAY <= lifetime <= YEAR:
        raise invalid(LIFETIME)
    if policy := asked.get("InstanceMaintenancePolicy"):
        maintenance(policy.get("MinHealthyPercentage"), policy.get("MaxHealthyPercentage"))
    if asked.get("DefaultInstanceWarmup", 0) < -1:
        raise invalid("DefaultInstanceWarmup must be -1 or more")


def maintenance(low: int | None, high: int | None) -> None:
    """-1 and -1 take the policy away (API reference, InstanceMaintenancePolicy)."""
    if low is None or high is None:
        raise invalid("You must specify both MinHealthyPercentage and MaxHealthyPercentage.")
    if (low, high) != (-1, -1) and not (0 <= low <= 100 <= high <= 200 and high - low <= 100):
        raise invalid(f"MinHealthyPercentage {low} and MaxHealthyPercentage {high} are out of range")


class Checks:
    """What needs a look at other services: templates, subnets, target groups."""

    def __init__(self, launcher: Launcher, ec2: Callable[[], Any], elbv2: Callable[[], Any]) -> None:
        self.launcher, self._ec2, self._elbv2 = launcher, ec2, elbv2

    def template(self, group: Group, settings: Values) -> None:
        if sum(1 for name in LAUNCHED_FROM if settings.get(name)) != 1:
            names = "LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter"
            raise invalid(f"Valid requests must contain either {names}.")
        try:
            _, version, overrides = self.launcher.choose(group, settings)
        except AwsError as error:
            raise invalid(f"You must use a valid fully-formed launch template. {error.message}") from error
        data = {**version.data, **overrides}
        for name in NEEDED:
            if not data.get(name):
                text = f"The request must contain the parameter {name}"
                raise invalid(f"You must use a valid fully-formed launch template. {text}")

    def subnets(self, group: Group) -> list[str]:
        """Their zones."""
        if not group.subnets:
            if zones := group.settings.get("AvailabilityZones"):
                return list(zones)
            raise invalid("At least one Availability Zone or VPC Subnet is required.")
        try:
            found = self._ec2().describe_subnets(SubnetIds=group.subnets)["Subnets"]
        except ClientError as error:
            raise invalid(f"The subnet ID does not exist: {error.response['Error']['Message']}") from error
        return sorted({each["AvailabilityZone"] for each in found})

    def target_groups(self, arns: list[str]) -> None:
        try:
            if arns:
                self._elbv2().describe_target_groups(TargetGroupArns=arns)
        except ClientError as error:
            text = "Provided Target Groups may not be valid. Please ensure they exist and try again."
            raise invalid(text) from error
