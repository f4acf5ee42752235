"""A listener that moves to a fresh target group: at every step whoever comes through it finds somebody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from slackwater.aws.apply import apply
from slackwater.aws.call import Call
from slackwater.errors import CloudError
from slackwater.settings import Metric, NetworkLoadBalancer, Policy, ScalingGroup, TargetGroup
from tests.aws.resources import Lab
from tests.aws.resources import lab as start
from tests.aws.whole import instance, planned, run, told

Seen = tuple[str, frozenset[str]]
"""The target group that the listener forwards to, by name, and who is registered there and stays."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def fresh(lab: Lab, name: str) -> str:
    made = lab.client("elbv2").create_target_group(Name=name, Protocol="TCP", Port=80, VpcId=lab.ground.vpc)
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def arn(lab: Lab, name: str) -> str:
    return str(lab.client("elbv2").describe_target_groups(Names=[name])["TargetGroups"][0]["TargetGroupArn"])


def listener(lab: Lab, name: str) -> Any:
    """The only one of that load balancer."""
    elbv2 = lab.client("elbv2")
    balancer = elbv2.describe_load_balancers(Names=[name])["LoadBalancers"][0]["LoadBalancerArn"]
    (found,) = elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    return found


def forward(lab: Lab, name: str, target_group: str) -> None:
    """As its owner points it."""
    actions = [{"Type": "forward", "TargetGroupArn": target_group}]
    lab.client("elbv2").modify_listener(ListenerArn=listener(lab, name)["ListenerArn"], DefaultActions=actions)


def registered(lab: Lab, target_group: str) -> frozenset[str]:
    described = lab.client("elbv2").describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
    return frozenset(each["Target"]["Id"] for each in described if each["TargetHealth"]["State"] != "draining")


def seen(lab: Lab, balancer: str) -> Seen:
    """What is forwarded to must be there: `describe_target_health` fails for one that is gone."""
    target_group = listener(lab, balancer)["DefaultActions"][0]["TargetGroupArn"]
    return target_group.split("/")[-2], registered(lab, target_group)


def watched(lab: Lab, balancer: str, calls: tuple[Call, ...]) -> list[Seen]:
    """What the listener led to before the first call, between any two, and after the last."""
    steps: list[Seen] = []
    apply(calls, lab.clients, lambda _: steps.append(seen(lab, balancer)), lambda _: None)
    return [*steps, seen(lab, balancer)]


def behind(lab: Lab, group: ScalingGroup, *target_groups: TargetGroup) -> ScalingGroup:
    """The group behind these; its policy counts the requests of the first."""
    requests = Metric.requests_per_target(target_group=target_groups[0].name)
    policies = [Policy.target("requests", requests, value=600)]
    return lab.declare(name=group.name, target_groups=target_groups, policies=policies)


def members(lab: Lab, group: ScalingGroup) -> frozenset[str]:
    scaling = lab.client("autoscaling")
    (found,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group.name])["AutoScalingGroups"]
    return frozenset(each["InstanceId"] for each in found["Instances"])


@pytest.fixture
def web(lab: Lab) -> ScalingGroup:
    """A group of two behind somebody's Application Load Balancer of the same name, by the target group <name>-web."""
    bare = lab.declare()
    group = behind(lab, bare, TargetGroup(name=f"{bare.name}-web", vpc=lab.ground.vpc))
    run(lab, group)
    elbv2 = lab.client("elbv2")
    balancer = elbv2.create_load_balancer(Name=group.name, Subnets=list(lab.ground.subnets))["LoadBalancers"][0]
    action = {"Type": "forward", "TargetGroupArn": arn(lab, f"{group.name}-web")}
    place = {"LoadBalancerArn": balancer["LoadBalancerArn"], "Protocol": "HTTP", "Port": 80}
    elbv2.create_listener(**place, DefaultActions=[action])
    run(lab, group)
    return group


def test_another_target_group_takes_over_without_a_gap(lab: Lab, web: ScalingGroup) -> None:
    """Its port cannot be changed. The fresh one is filled while the listener, which is not ours, still forwards to the
    former; that one is left once the listener has moved, and an instance that joins in between is in both."""
    moved = behind(lab, web, TargetGroup(name=f"{web.name}-next", vpc=lab.ground.vpc, port=8080))
    first, both = planned(lab, moved), members(lab, web)
    filling = watched(lab, web.name, first.calls)
    lab.client("autoscaling").set_desired_capacity(AutoScalingGroupName=web.name, DesiredCapacity=3)
    waiting, three = planned(lab, moved), members(lab, web)
    in_both = [registered(lab, arn(lab, f"{web.name}-{each}")) for each in ("web", "next")]
    forward(lab, web.name, arn(lab, f"{web.name}-next"))
    second = planned(lab, moved)
    leaving = watched(lab, web.name, second.calls)

    assert [
        "create_target_group: new",
        "modify_target_group_attributes: new",
        f"attach_load_balancer_target_groups: target group {web.name}-next: not attached",
    ] == told(first.calls)
    assert {(f"{web.name}-web", both)} == set(filling)
    assert () == waiting.calls
    assert any(f"target group {web.name}-web: no longer declared, and stays attached" in note for note in waiting.notes)
    assert any("policy requests waits" in note for note in waiting.notes)
    assert (3, [three, three]) == (len(three), in_both)
    detach, policy = told(second.calls)
    assert f"detach_load_balancer_target_groups: target group {web.name}-web: no longer declared" == detach
    assert f"targetgroup/{web.name}-next/" in policy
    assert {(f"{web.name}-next", three)} == set(leaving)
    assert () == planned(lab, moved).calls


def test_what_would_need_a_replacement_under_the_same_name_changes_nothing(lab: Lab, web: ScalingGroup) -> None:
    """AWS knows a target group's name once: the former one would have to go first, from under its listener."""
    other = behind(lab, web, TargetGroup(name=f"{web.name}-web", vpc=lab.ground.vpc, port=8080))
    before = seen(lab, web.name)

    with pytest.raises(CloudError, match=r"Port 8000 -> 8080: AWS cannot change that .* another name beside it"):
        run(lab, other)
    assert (f"{web.name}-web", members(lab, web)) == before == seen(lab, web.name)


def test_our_own_listener_is_pointed_to_a_fresh_target_group_that_is_filled(lab: Lab) -> None:
    """Somebody had led it to a maintenance page and deleted ours: a target group, the balancers, then it."""
    balancers = [instance(lab), instance(lab)]
    told_of = {"name": "ebbing", "vpc": lab.ground.vpc, "subnets": lab.ground.subnets, "ports": [80]}
    group = lab.declare(load_balancer=NetworkLoadBalancer(balancer_instances=balancers, **told_of))
    run(lab, group)
    page, former = fresh(lab, "maintenance"), arn(lab, "ebbing-80")
    server = instance(lab)
    lab.client("elbv2").register_targets(TargetGroupArn=page, Targets=[{"Id": server}])
    forward(lab, "ebbing", page)
    lab.client("elbv2").delete_target_group(TargetGroupArn=former)
    back = planned(lab, group)

    steps = watched(lab, "ebbing", back.calls)

    assert [
        "create_target_group: new",
        "modify_target_group_attributes: new",
        f"register_targets: {', '.join(sorted(balancers))}: not registered",
        "modify_listener: port 80: it forwards to another target group",
    ] == told(back.calls)
    assert [("maintenance", frozenset({server}))] * 4 + [("ebbing-80", frozenset(balancers))] == steps
    assert () == planned(lab, group).calls
