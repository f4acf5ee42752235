"""Target groups: who is registered, how it is, and what the group does about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slackwater.lab.cloud import Endpoint, Ground, cloud
from tests.lab.cloud.conftest import Make


@pytest.fixture(scope="module")
def elb(endpoint: Endpoint) -> Any:
    return endpoint.client("elbv2")


def target_group(elb: Any, ground: Ground, name: str) -> str:
    asked = {"Name": name, "Protocol": "HTTP", "Port": 8000, "VpcId": ground.vpc, "HealthCheckPath": "/health"}
    return str(elb.create_target_group(**asked)["TargetGroups"][0]["TargetGroupArn"])


def balance(elb: Any, ground: Ground, name: str, arn: str) -> str:
    """A load balancer and a listener before the target group; the listener."""
    made = elb.create_load_balancer(Name=name, Subnets=list(ground.subnets), Type="application")
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    action = {"Type": "forward", "TargetGroupArn": arn}
    listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[action])
    return str(listener["Listeners"][0]["ListenerArn"])


def health(elb: Any, arn: str) -> dict[str, str]:
    found = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return {each["Target"]["Id"]: each["TargetHealth"]["State"] for each in found}


def test_a_target_group_is_of_the_load_balancers_that_forward_to_it_now(elb: Any, ground: Ground) -> None:
    """moto's is for ever of those whose listeners were made with it, and of no other."""
    former, fresh = target_group(elb, ground, "former"), target_group(elb, ground, "fresh")
    listener = balance(elb, ground, "moves", former)

    def forwarded() -> list[int]:
        found = elb.describe_target_groups(TargetGroupArns=[former, fresh])["TargetGroups"]
        return [len(each["LoadBalancerArns"]) for each in sorted(found, key=lambda each: each["TargetGroupName"])]

    made = forwarded()
    elb.modify_listener(ListenerArn=listener, DefaultActions=[{"Type": "forward", "TargetGroupArn": fresh}])
    moved = forwarded()
    elb.delete_listener(ListenerArn=listener)

    assert [[1, 0], [0, 1], [0, 0]] == [made, moved, forwarded()]


def test_a_target_group_is_described_as_it_was_put(elb: Any, ground: Ground) -> None:
    """Its attributes too; a key that ELBv2 does not know is refused, moto takes any."""
    arn = target_group(elb, ground, "whole")
    wanted = {"deregistration_delay.timeout_seconds": "70", "slow_start.duration_seconds": "30"}
    asked = [{"Key": key, "Value": value} for key, value in wanted.items()]
    elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=asked)
    elb.modify_target_group(TargetGroupArn=arn, HealthCheckIntervalSeconds=10, HealthyThresholdCount=2)
    found = elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    group = elb.describe_target_groups(Names=["whole"])["TargetGroups"][0]

    assert wanted == {each["Key"]: each["Value"] for each in found if each["Key"] in wanted}
    assert (8000, "/health", 10, 2) == tuple(
        group[key] for key in ("Port", "HealthCheckPath", "HealthCheckIntervalSeconds", "HealthyThresholdCount")
    )
    with pytest.raises(ClientError, match="not recognized"):
        elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[{"Key": "mood", "Value": "good"}])


def test_a_group_registers_who_is_in_service_and_deregisters_who_leaves(
    elb: Any, ground: Ground, make: Make, asg: Any, described: Any
) -> None:
    """At scale-in moto forgets to: the terminated are healthy for ever."""
    arn = target_group(elb, ground, "served")
    listener = balance(elb, ground, "served", arn)
    make("served", DesiredCapacity=2, TargetGroupARNs=[arn])
    before = health(elb, arn)
    asg.set_desired_capacity(AutoScalingGroupName="served", DesiredCapacity=1)
    stays = described("served")["Instances"][0]["InstanceId"]

    assert ["healthy"] * 2 == list(before.values())
    assert {stays: "healthy"} | {each: "draining" for each in before if each != stays} == health(elb, arn)
    with pytest.raises(ClientError, match="ResourceInUse"):
        elb.delete_target_group(TargetGroupArn=arn)
    elb.delete_listener(ListenerArn=listener)
    elb.delete_target_group(TargetGroupArn=arn)


def test_a_target_group_without_a_listener_is_not_in_use(elb: Any, ground: Ground, endpoint: Endpoint) -> None:
    """moto says healthy."""
    arn = target_group(elb, ground, "unused")
    ids = [
        endpoint.client("ec2").run_instances(ImageId=ground.image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ]
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": each} for each in ids])

    assert dict.fromkeys(ids, "unused") == health(elb, arn)


def test_attached_and_detached_target_groups_follow_the_members(
    elb: Any, ground: Ground, make: Make, asg: Any, described: Any
) -> None:
    """Under both names of the API."""
    one, two = (target_group(elb, ground, name) for name in ("follow-1", "follow-2"))
    make("follow", DesiredCapacity=1)
    asg.attach_load_balancer_target_groups(AutoScalingGroupName="follow", TargetGroupARNs=[one])
    source = [{"Identifier": two, "Type": "elbv2"}]
    asg.attach_traffic_sources(AutoScalingGroupName="follow", TrafficSources=source)
    both = described("follow")["TargetGroupARNs"]
    names = asg.describe_load_balancer_target_groups(AutoScalingGroupName="follow")["LoadBalancerTargetGroups"]
    sources = asg.describe_traffic_sources(AutoScalingGroupName="follow")["TrafficSources"]
    registered = [len(health(elb, arn)) for arn in (one, two)]
    asg.detach_traffic_sources(AutoScalingGroupName="follow", TrafficSources=source)
    asg.detach_load_balancer_target_groups(AutoScalingGroupName="follow", TargetGroupARNs=[one])

    assert [one, two] == both == [each["LoadBalancerTargetGroupARN"] for each in names]
    assert [one, two] == [each["Identifier"] for each in sources]
    assert [1, 1] == registered
    assert [] == described("follow")["TargetGroupARNs"]


def test_a_test_says_how_a_target_is(elb: Any, ground: Ground, make: Make, endpoint: Endpoint, described: Any) -> None:
    """As the health check would see it."""
    arn = target_group(elb, ground, "said")
    balance(elb, ground, "said", arn)
    make("said", DesiredCapacity=1, TargetGroupARNs=[arn])
    instance = described("said")["Instances"][0]["InstanceId"]
    endpoint.cloud.target_health(arn, instance, "unhealthy", "Target.ResponseCodeMismatch")
    found = elb.describe_target_health(TargetGroupArn=arn, Targets=[{"Id": instance}])["TargetHealthDescriptions"]

    assert [{"State": "unhealthy", "Reason": "Target.ResponseCodeMismatch"}] == [each["TargetHealth"] for each in found]


class Clock:
    """Stands still until a test moves it."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def later() -> Iterator[tuple[Endpoint, Clock]]:
    clock = Clock()
    with cloud(clock=clock) as endpoint:
        yield endpoint, clock


def test_draining_ends_with_the_delay(later: tuple[Endpoint, Clock]) -> None:
    """With moto it never does."""
    endpoint, clock = later
    ground, elb = endpoint.cloud.ground(), endpoint.client("elbv2")
    arn = target_group(elb, ground, "late")
    balance(elb, ground, "late", arn)
    asked = [{"Key": "deregistration_delay.timeout_seconds", "Value": "70"}]
    elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=asked)
    made = endpoint.client("ec2").run_instances(ImageId=ground.image, MinCount=1, MaxCount=1)["Instances"]
    targets = [{"Id": made[0]["InstanceId"]}]
    elb.register_targets(TargetGroupArn=arn, Targets=targets)
    elb.deregister_targets(TargetGroupArn=arn, Targets=targets)
    clock.seconds = 69
    during = list(health(elb, arn).values())
    clock.seconds = 70

    assert (["draining"], {}) == (during, health(elb, arn))
