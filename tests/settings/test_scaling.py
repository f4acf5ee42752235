"""ScalingGroup and its parts: the figures that are the defaults, and AWS's limits, told before AWS does."""

from __future__ import annotations

from typing import Any

import pytest

from slackwater import (
    Breaker,
    Connections,
    Drain,
    Hooks,
    Image,
    LaunchHook,
    Maintenance,
    Metric,
    NetworkLoadBalancer,
    Notifications,
    Policy,
    ScalingGroup,
    Schedule,
    Spot,
    TargetGroup,
    TerminateHook,
    Volume,
    WarmPool,
)
from slackwater.errors import SettingsError
from slackwater.settings import resolve

SUBNET, VPC = "subnet-0123456789abcdef0", "vpc-0123456789abcdef0"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:scaling"
GROUP: dict[str, Any] = {
    "name": "shop-prod",
    "region": "eu-central-1",
    "image": Image.id("ami-0123456789abcdef0"),
    "instance_types": ["t3.medium"],
    "subnets": [SUBNET],
    "security_groups": ["sg-0123456789abcdef0"],
    "instance_profile": "shop-prod",
}


def group(**told: Any) -> ScalingGroup:
    return ScalingGroup(**{**GROUP, **told})


def front(**told: Any) -> NetworkLoadBalancer:
    known = {"name": "front", "vpc": VPC, "subnets": [SUBNET], "balancer_instances": ["i-0123456789abcdef0"]}
    return NetworkLoadBalancer(**{**known, **told})


def target(**told: Any) -> TargetGroup:
    return TargetGroup(**{"name": "shop", "vpc": VPC, **told})


def test_the_figures_of_a_group() -> None:
    """Two to ten, three at first; more above 70 % CPU for 5 minutes, less below 30 % for 10."""
    made = group()
    out, back = made.policies

    assert (2, 10, 3, 10) == (made.minimum, made.maximum, made.desired, made.largest)
    assert (70, None, 300, 1) == (out.above, out.below, out.seconds, out.adjustment)
    assert (None, 30, 600, -1) == (back.above, back.below, back.seconds, back.adjustment)
    assert ("cpu", "step") == (out.metric.kind, out.kind)


def test_the_waits_of_a_group() -> None:
    """An instance that falls silent at launch is thrown away; one that falls silent while it drains is let go."""
    launch, terminate = LaunchHook(), TerminateHook()

    assert ("ABANDON", 1200) == (launch.default, launch.deadline)
    assert ("CONTINUE", 60, 6000) == (terminate.default, terminate.heartbeat, terminate.limit)
    assert 172800 == TerminateHook(heartbeat=7200).limit
    assert 240 == Drain().deadline


def test_nothing_switches_safety_off() -> None:
    """There is no setting for IMDSv1 or for a disk in clear text."""
    fields = {*ScalingGroup.model_fields, *Volume.model_fields}

    assert set() == {name for name in fields if "encrypt" in name or "token" in name or "imds" in name}
    assert False is group().retain_abandoned


def test_a_check_asks_the_app_as_the_requirements_say() -> None:
    """Every 30 s, 5 s for the answer, 2 to rise, 3 to fall; the live path unless told."""
    made = target()

    assert (30, 5, 2, 3, None) == (made.health_interval, made.health_timeout, made.rise, made.fall, made.health_path)
    assert 65 == made.first_healthy


def test_the_group_data_hold_a_group_and_a_drain() -> None:
    """By their names; a drain there is always."""
    made = group()
    found = resolve({"scaling_group": made, "drain": Drain(deadline=90)})

    assert (made, 90) == (found.scaling_group, found.drain.deadline)
    assert (None, 240) == (resolve({}).scaling_group, resolve({}).drain.deadline)


def test_the_largest_fleet_is_that_of_any_schedule() -> None:
    """The database's budget is for the day on which everything is there."""
    made = group(schedules=[Schedule(name="sale", start="2026-12-24T08:00:00Z", maximum=25)])

    assert 25 == made.largest


def test_connections_count_both_slots_of_every_instance() -> None:
    """2 slots * workers * (pool + overflow) * instances + reserve."""
    assert 2 * 3 * (5 + 10) * 10 + 10 == Connections().needed(workers=3, instances=10)


def test_more_of_a_group_is_more_of_its_names() -> None:
    """A launch template cannot have every name that a group can."""
    made = group(name="shop:prod".replace(":", "@"), launch_template="shop-prod")

    assert ("shop-prod", "slackwater-shop@prod:") == (made.template_name, made.alarm_prefix)


RIGHT = [
    lambda: group(max_lifetime=0),
    lambda: group(max_lifetime=86400),
    lambda: group(name="x" * 255, launch_template="shop", policies=[]),
    lambda: group(termination_policies=["arn:aws:lambda:eu-central-1:123456789012:function:choose", "Default"]),
    lambda: group(tags={"team": "shop", "a:b/c": "", "Größe der Gruppe": "a+b=c @home_1.2-3"}),
    lambda: group(minimum=0, maximum=0, desired=0),
    lambda: group(warm_pool=WarmPool(minimum=2, prepared=4, state="Stopped", reuse_on_scale_in=False)),
    lambda: group(instance_types=["m7i-flex.large", "u-6tb1.metal", "c7gn.16xlarge"]),
    lambda: Image.ssm("/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"),
    lambda: Image.id("ami-01234567"),
    lambda: Volume(device="/dev/sda1", gb=200, iops=16000, throughput=1000, kms_key="alias/disks"),
    lambda: Volume(kind="io2", gb=4, iops=4000),
    lambda: Spot(share=100, base=0, allocation="capacity-optimized-prioritized"),
    lambda: Schedule(name="d", cron="*/5 0-6,22 1 JAN,6 MON-FRI", time_zone="Europe/Berlin", desired=3),
    lambda: Schedule(name="d", cron="0 0 * * 7", minimum=1, start="2026-12-24T08:00:00Z", end="2027-01-02T08:00:00Z"),
    lambda: Notifications(topic_arn=TOPIC, events=["autoscaling:EC2_INSTANCE_LAUNCH_ERROR"]),
    lambda: target(protocol="TCP", health_path="/health"),
    lambda: target(stickiness=86400, slow_start=30, deregistration_delay=0),
    lambda: front(scheme="internal", ports=[80]),
    lambda: Policy.step("x", Metric.cpu(), above=60, adjustment=10, adjustment_type="PercentChangeInCapacity"),
    lambda: Policy.step("x", Metric.custom("Shop", "Backlog"), above=100, period=10, adjustment=1, steps={1000: 4}),
    lambda: Policy.step("x", Metric.custom("Shop", "Backlog"), below=5, adjustment=-1, steps={1.5: -3}),
    lambda: Policy.predictive("x", Metric.cpu(), value=50, mode="ForecastAndScale", buffer=0),
    lambda: Metric.custom("CWAgent", "mem_used_percent", dimensions={"AutoScalingGroupName": "shop-prod"}),
    lambda: Hooks(launch=None, terminate=None),
    lambda: Maintenance(minimum_healthy=100, maximum_healthy=200),
    lambda: Breaker(failures=1, expiry=60),
]


@pytest.mark.parametrize("make", RIGHT)
def test_what_aws_takes_is_taken(make: Any) -> None:
    """The limits themselves are allowed."""
    assert make().is_sound


WRONG_GROUPS: list[tuple[dict[str, Any], str, str]] = [
    ({"name": "a:b"}, "scaling_group.name", "without space and ':'"),
    ({"name": "shop*"}, "scaling_group.name", "'*' and '?'"),
    ({"name": "shop?"}, "scaling_group.name", "'*' and '?'"),
    ({"name": "x" * 256}, "scaling_group.name", "1 to 255"),
    ({"name": "x" * 129}, "scaling_group.launch_template", "3 to 128"),
    ({"launch_template": "ab"}, "scaling_group.launch_template", "3 to 128"),
    ({"region": "Frankfurt"}, "scaling_group.region", "'eu-central-1'"),
    ({"image": "ami-0123456789abcdef0"}, "scaling_group.image", "Image.id"),
    ({"instance_types": []}, "scaling_group.instance_types", "at least one"),
    ({"instance_types": ["large"]}, "scaling_group.instance_types[0]", "'m7g.large'"),
    ({"instance_types": ["t3.nano", "t3.nano"]}, "scaling_group.instance_types", "each once"),
    ({"instance_types": [f"m{n}.large" for n in range(41)]}, "scaling_group.instance_types", "at most 40"),
    ({"instance_types": "t3.medium"}, "scaling_group.instance_types", "a list"),
    ({"subnets": ["subnet-1"]}, "scaling_group.subnets[0]", SUBNET),
    ({"security_groups": ["default"]}, "scaling_group.security_groups[0]", "sg-0123456789abcdef0"),
    ({"security_groups": [f"sg-{n:08x}" for n in range(17)]}, "scaling_group.security_groups", "at most 16"),
    ({"instance_profile": "arn:aws:iam::1:instance-profile/x"}, "scaling_group.instance_profile", "without its path"),
    ({"minimum": 4}, "scaling_group.desired", "from minimum to maximum (4 to 10)"),
    ({"maximum": 1}, "scaling_group.maximum", "at least minimum (2)"),
    ({"desired": -1}, "scaling_group.desired", "at least 0"),
    ({"groups": ["App"]}, "scaling_group.groups[0]", "lower-case"),
    ({"groups": []}, "scaling_group.groups", "at least one"),
    ({"key_pair": ""}, "scaling_group.key_pair", "1 to 255"),
    ({"hop_limit": 65}, "scaling_group.hop_limit", "from 1 to 64"),
    ({"volumes": []}, "scaling_group.volumes", "at least one"),
    ({"volumes": [Volume(), Volume()]}, "scaling_group.volumes", "a device of its own"),
    ({"tags": {"aws:team": "shop"}}, "scaling_group.tags", "not beginning with 'aws:'"),
    ({"tags": {"AWS:team": "shop"}}, "scaling_group.tags", "not beginning with 'aws:'"),
    ({"tags": {"team|web": "shop"}}, "scaling_group.tags", "any of _ . : / = + - @"),
    ({"tags": {"team": "a;b"}}, "scaling_group.tags", "any of _ . : / = + - @"),
    ({"tags": {"x" * 129: ""}}, "scaling_group.tags", "1 to 128"),
    ({"tags": {"team": "x" * 257}}, "scaling_group.tags", "at most 256"),
    ({"tags": {str(n): "" for n in range(46)}}, "scaling_group.tags", "at most 45"),
    ({"spot": Spot(base=11)}, "base", "at most the group's maximum (10)"),
    ({"max_lifetime": 3600}, "scaling_group.max_lifetime", "86400"),
    ({"max_lifetime": 31536001}, "scaling_group.max_lifetime", "31536000"),
    ({"termination_policies": ["Oldest"]}, "scaling_group.termination_policies[0]", "'OldestInstance'"),
    ({"termination_policies": ["Default", "NewestInstance"]}, "scaling_group.termination_policies", "'Default' last"),
    (
        {"termination_policies": ["NewestInstance", "arn:aws:lambda:eu-central-1:123456789012:function:f"]},
        "scaling_group.termination_policies",
        "function first",
    ),
    ({"policies": [*Policy.defaults(), *Policy.defaults()]}, "name", "differ from the other policies"),
    ({"target_groups": [target(), target()]}, "name", "differ from the other target groups"),
    (
        {"policies": [Policy.target("r", Metric.requests_per_target(target_group="web"), value=9)]},
        "target_group",
        "one of the group's target_groups: none",
    ),
    (
        {
            "target_groups": [target(protocol="TCP")],
            "policies": [Policy.target("r", Metric.requests_per_target(target_group="shop"), value=9)],
        },
        "target_group",
        "HTTP or HTTPS",
    ),
    (
        {"name": "x" * 250, "launch_template": "shop", "policies": Policy.defaults()},
        "name",
        "at most 255 characters",
    ),
    ({"warm_pool": WarmPool(), "spot": Spot()}, "scaling_group.warm_pool", "None with spot"),
    ({"warm_pool": WarmPool(prepared=1)}, "prepared", "at least the group's minimum (2)"),
    ({"warm_pool": WarmPool(state="Running")}, "state", "must be 'Stopped'"),
    ({"warm_pool": WarmPool(state="Hibernated")}, "state", "it is the boot that answers the launch hook"),
    ({"warm_pool": WarmPool(reuse_on_scale_in=True)}, "reuse_on_scale_in", "must be False: one that comes back"),
    (
        {"notifications": Notifications(topic_arn=TOPIC.replace("eu-central-1", "us-east-1"))},
        "topic_arn",
        "the group's region (eu-central-1)",
    ),
    ({"retain_abandoned": True, "hooks": Hooks(terminate=None)}, "scaling_group.retain_abandoned", "terminate hook"),
    ({"endpoint": "localhost"}, "scaling_group.endpoint", "a URL"),
    ({"imdsv1": True}, "scaling_group.imdsv1", "is no setting of ScalingGroup"),
]


@pytest.mark.parametrize(("told", "field", "said"), WRONG_GROUPS, ids=[f"{f}: {s}" for _, f, s in WRONG_GROUPS])
def test_a_wrong_group_is_refused(told: dict[str, Any], field: str, said: str) -> None:
    """With the name of what is wrong, and what is allowed."""
    with pytest.raises(SettingsError) as caught:
        scaling_group = ScalingGroup(**{**GROUP, **told})  # noqa: F841

    first = str(caught.value).splitlines()[0]

    assert field in first
    assert said in first
