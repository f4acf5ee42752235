"""Auto Scaling groups: what is put is what is described, and what AWS refuses is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slackwater.lab.cloud import Endpoint, Ground
from tests.lab.cloud.conftest import Make, group_arguments

SETTINGS: dict[str, Any] = {
    "DefaultCooldown": 60,
    "HealthCheckType": "ELB",
    "HealthCheckGracePeriod": 90,
    "TerminationPolicies": ["OldestLaunchTemplate", "Default"],
    "NewInstancesProtectedFromScaleIn": True,
    "CapacityRebalance": True,
    "MaxInstanceLifetime": 604800,
    "DefaultInstanceWarmup": 120,
    "InstanceMaintenancePolicy": {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 110},
    "InstanceLifecyclePolicy": {"RetentionTriggers": {"TerminateHookAbandon": "retain"}},
}


def mixed(version: str) -> dict[str, Any]:
    return {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateName": "web", "Version": version},
            "Overrides": [{"InstanceType": "t3.micro"}, {"InstanceType": "t3.small"}],
        },
        "InstancesDistribution": {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 50},
    }


def without_template(ground: Ground, name: str) -> dict[str, Any]:
    return {key: value for key, value in group_arguments(ground, name).items() if key != "LaunchTemplate"}


def test_every_setting_is_described_as_it_was_put(make: Make, described: Any) -> None:
    """moto drops half of them in silence."""
    make("whole", DesiredCapacity=2, **SETTINGS)
    found = described("whole")

    assert SETTINGS | {"MinSize": 0, "MaxSize": 5, "DesiredCapacity": 2} == {
        key: found[key] for key in (*SETTINGS, "MinSize", "MaxSize", "DesiredCapacity")
    }


def test_an_update_changes_what_it_names_and_nothing_else(asg: Any, make: Make, described: Any) -> None:
    """moto ignores half of it."""
    make("changed", **SETTINGS)
    before = described("changed")
    changes = {"DefaultInstanceWarmup": 60, "MaxInstanceLifetime": 86400, "TerminationPolicies": ["OldestInstance"]}
    asg.update_auto_scaling_group(AutoScalingGroupName="changed", MaxSize=9, **changes)

    assert before | changes | {"MaxSize": 9} == described("changed")


def test_a_setting_is_taken_away_by_its_word_for_nothing(asg: Any, make: Make, described: Any) -> None:
    """0 for the lifetime, -1 for the warm-up and the maintenance policy."""
    make("bare", **SETTINGS)
    nothing = {"MinHealthyPercentage": -1, "MaxHealthyPercentage": -1}
    asg.update_auto_scaling_group(
        AutoScalingGroupName="bare", MaxInstanceLifetime=0, DefaultInstanceWarmup=-1, InstanceMaintenancePolicy=nothing
    )

    names = {"MaxInstanceLifetime", "DefaultInstanceWarmup", "InstanceMaintenancePolicy"}
    assert set() == names & set(described("bare"))


def test_a_mixed_policy_survives_an_update_and_gives_way_to_a_template(
    asg: Any, ground: Ground, web: str, described: Any
) -> None:
    """moto erases it with the next update of anything."""
    asg.create_auto_scaling_group(**without_template(ground, "mixed"), MixedInstancesPolicy=mixed("1"))
    asg.update_auto_scaling_group(AutoScalingGroupName="mixed", MaxSize=4)
    kept = described("mixed")["MixedInstancesPolicy"]
    template = {"LaunchTemplateName": web, "Version": "1"}
    asg.update_auto_scaling_group(AutoScalingGroupName="mixed", LaunchTemplate=template)

    assert mixed("1")["LaunchTemplate"]["Overrides"] == kept["LaunchTemplate"]["Overrides"]
    assert 50 == kept["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"]
    assert "MixedInstancesPolicy" not in described("mixed")


def test_a_mixed_group_launches_base_and_share(asg: Any, ec2: Any, ground: Ground, web: str, described: Any) -> None:
    """One on demand, and of the four above it every second: moto launches them all on demand."""
    asked = without_template(ground, "share") | {"DesiredCapacity": 5}
    asg.create_auto_scaling_group(**asked, MixedInstancesPolicy=mixed("1"))
    ids = [each["InstanceId"] for each in described("share")["Instances"]]
    found = [each for page in ec2.describe_instances(InstanceIds=ids)["Reservations"] for each in page["Instances"]]

    assert 2 == sum(1 for each in found if each.get("InstanceLifecycle") == "spot")
    assert {"t3.micro", "t3.small"} == {each["InstanceType"] for each in found}


def test_each_instance_knows_the_version_it_was_launched_from(asg: Any, ec2: Any, make: Make, described: Any) -> None:
    """moto computes it from the template's default: drift could not be seen."""
    make("drift", DesiredCapacity=1)
    template = {"LaunchTemplateName": "web", "Version": "3"}
    asg.update_auto_scaling_group(AutoScalingGroupName="drift", LaunchTemplate=template, DesiredCapacity=2)
    ec2.modify_launch_template(LaunchTemplateName="web", DefaultVersion="2")

    assert ["1", "3"] == [each["LaunchTemplate"]["Version"] for each in described("drift")["Instances"]]


def test_the_subnets_are_used_in_turn(make: Make, described: Any) -> None:
    """moto puts all into the first."""
    make("zones", DesiredCapacity=4)
    zones = [each["AvailabilityZone"] for each in described("zones")["Instances"]]

    assert [2, 2] == [zones.count(zone) for zone in sorted(set(zones))]


def test_a_name_is_taken_once(make: Make, described: Any) -> None:
    """moto replaces the group and leaks its instances."""
    make("taken", DesiredCapacity=1)
    with pytest.raises(ClientError, match="AlreadyExists"):
        make("taken")

    assert 1 == len(described("taken")["Instances"])


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"MinSize": 6}, "Max bound, 5, must be greater than or equal to min bound, 6"),
        ({"DesiredCapacity": 9}, "Desired capacity:9 must be between the specified min size:0 and max size:5"),
        ({"LaunchTemplate": {"LaunchTemplateName": "nobody", "Version": "1"}}, "valid fully-formed launch template"),
        ({"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "77"}}, "specified version 77"),
        ({"VPCZoneIdentifier": "subnet-0"}, "does not exist"),
        ({"VPCZoneIdentifier": ","}, "At least one Availability Zone or VPC Subnet is required"),
        ({"MaxInstanceLifetime": 60}, "between 86400 and 31536000"),
        ({"TerminationPolicies": ["Youngest"]}, "Invalid Termination Policy"),
        ({"HealthCheckType": "HTTP"}, "Invalid Health Check Type"),
        ({"TargetGroupARNs": ["arn:aws:elasticloadbalancing:x"]}, "Target Groups may not be valid"),
        ({"InstanceMaintenancePolicy": {"MinHealthyPercentage": 10, "MaxHealthyPercentage": 150}}, "out of range"),
    ],
)
def test_what_aws_refuses_is_refused(make: Make, asg: Any, wrong: dict[str, Any], complaint: str) -> None:
    """With ValidationError, and no group is left behind."""
    with pytest.raises(ClientError, match=complaint) as error:
        make("refused", **wrong)

    assert "ValidationError" == error.value.response["Error"]["Code"]
    assert [] == asg.describe_auto_scaling_groups(AutoScalingGroupNames=["refused"])["AutoScalingGroups"]


def test_a_desired_capacity_stays_within_the_bounds(asg: Any, make: Make, described: Any) -> None:
    """moto launches 99 of at most 5."""
    make("bounds", DesiredCapacity=1)
    with pytest.raises(ClientError, match="New SetDesiredCapacity value 99 is above max value 5"):
        asg.set_desired_capacity(AutoScalingGroupName="bounds", DesiredCapacity=99)
    asg.update_auto_scaling_group(AutoScalingGroupName="bounds", MinSize=2)

    assert (2, 2) == (described("bounds")["DesiredCapacity"], len(described("bounds")["Instances"]))


def test_many_at_once_leave_as_many_as_were_asked_for(endpoint: Endpoint, make: Make, described: Any) -> None:
    """moto has no lock: it ends with seven instances of five."""
    make("crowd")
    asg = endpoint.client("autoscaling")
    with ThreadPoolExecutor(8) as pool:
        wishes = [*range(6)] * 3
        list(pool.map(lambda n: asg.set_desired_capacity(AutoScalingGroupName="crowd", DesiredCapacity=n), wishes))
    asg.set_desired_capacity(AutoScalingGroupName="crowd", DesiredCapacity=5)

    assert 5 == len(described("crowd")["Instances"])


def test_a_group_with_instances_is_deleted_only_by_force(asg: Any, ec2: Any, make: Make, described: Any) -> None:
    """moto needs no force, and its hooks and policies outlive the group."""
    make("doomed", DesiredCapacity=1)
    instance = described("doomed")["Instances"][0]["InstanceId"]
    hook = {"LifecycleHookName": "h", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}
    asg.put_lifecycle_hook(AutoScalingGroupName="doomed", **hook)
    with pytest.raises(ClientError, match="ResourceInUse"):
        asg.delete_auto_scaling_group(AutoScalingGroupName="doomed")
    asg.delete_auto_scaling_group(AutoScalingGroupName="doomed", ForceDelete=True)
    gone = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    make("doomed")

    assert "terminated" == gone["State"]["Name"]
    assert [] == asg.describe_lifecycle_hooks(AutoScalingGroupName="doomed")["LifecycleHooks"]


def test_tags_are_kept_and_go_to_new_instances(asg: Any, ec2: Any, make: Make, described: Any) -> None:
    """Those that say so."""
    make("tagged", Tags=[{"Key": "env", "Value": "prod", "PropagateAtLaunch": True}])
    more = {"ResourceId": "tagged", "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    asg.create_or_update_tags(Tags=[{**more, "Key": "quiet", "Value": "yes"}])
    asg.set_desired_capacity(AutoScalingGroupName="tagged", DesiredCapacity=1)
    instance = described("tagged")["Instances"][0]["InstanceId"]
    tags = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["Tags"]
    names = {tag["Key"] for tag in tags}
    found = asg.describe_tags(Filters=[{"Name": "auto-scaling-group", "Values": ["tagged"]}])["Tags"]

    assert {"env", "aws:autoscaling:groupName"} <= names
    assert "quiet" not in names
    assert {("env", True), ("quiet", False)} == {(tag["Key"], tag["PropagateAtLaunch"]) for tag in found}
    asg.delete_tags(Tags=[{**more, "Key": "quiet"}])
    assert ["env"] == [tag["Key"] for tag in described("tagged")["Tags"]]


def test_pages_hold_what_was_asked_for(asg: Any, make: Make) -> None:
    """And the paginator finds all."""
    for number in range(3):
        make(f"page-{number}", Tags=[{"Key": "page", "Value": str(number)}])
    pages = asg.get_paginator("describe_auto_scaling_groups").paginate(
        Filters=[{"Name": "tag-key", "Values": ["page"]}], PaginationConfig={"PageSize": 2}
    )

    assert [2, 1] == [len(each["AutoScalingGroups"]) for each in pages]
