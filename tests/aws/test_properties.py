"""Whatever is declared: what was applied is at rest, from nothing and from any other declaration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slackwater.aws.apply import apply
from slackwater.aws.plan import Declared, plan
from slackwater.settings import (
    GroupHealth,
    Hooks,
    LaunchHook,
    Maintenance,
    Metric,
    NetworkLoadBalancer,
    Notifications,
    Policy,
    Schedule,
    Spot,
    TargetGroup,
    TerminateHook,
    Volume,
    WarmPool,
)
from tests.aws.resources import NUMBERS, Lab, checked
from tests.aws.resources import lab as start
from tests.aws.whole import instance, planned, world
from tests.conftest import LONG
from tests.hosts.converge.running import count

EXAMPLES = count(200)
READS = ("describe_", "get_", "head_")
"""What waits ask between the calls of a plan."""

Fields = dict[str, Any]

hooks = st.builds(
    Hooks,
    launch=st.none() | st.builds(LaunchHook, heartbeat=st.integers(30, 7200), deadline=st.just(1200)),
    terminate=st.none()
    | st.builds(TerminateHook, heartbeat=st.integers(30, 7200), default=st.sampled_from(["CONTINUE", "ABANDON"])),
)


def disks(device: str | None) -> st.SearchStrategy[Volume]:
    return st.builds(Volume, device=st.just(device), gb=st.integers(8, 100), iops=st.none() | st.integers(3000, 4000))


root = disks(None) | disks("/dev/xvda")
others = st.lists(
    st.sampled_from(["/dev/xvdb", "/dev/sdc"]).flatmap(disks), max_size=2, unique_by=lambda volume: volume.device
)
volumes = st.tuples(root, others).map(lambda both: [both[0], *both[1]])
policies = st.lists(
    st.one_of(
        st.builds(
            lambda above, adjustment: Policy.step("out", Metric.cpu(), above=above, adjustment=adjustment),
            st.integers(50, 90).map(float),
            st.integers(1, 3),
        ),
        st.builds(
            lambda below: Policy.step("in", Metric.cpu(), below=below, adjustment=-1, periods=10),
            st.integers(5, 40).map(float),
        ),
        st.builds(lambda value: Policy.target("held", Metric.cpu(), value=value), st.integers(30, 80).map(float)),
        st.builds(
            lambda value, mode, buffer: Policy.predictive("ahead", Metric.cpu(), value=value, mode=mode, buffer=buffer),
            st.integers(30, 80).map(float),
            st.sampled_from(["ForecastOnly", "ForecastAndScale"]),
            st.integers(0, 3600),
        ),
    ),
    max_size=4,
    unique_by=lambda policy: policy.name,
)
again = st.builds(
    Schedule,
    name=st.sampled_from(["mornings", "evenings"]),
    cron=st.sampled_from(["30 7 * * 1-5", "0 18 * * *"]),
    time_zone=st.none() | st.just("Europe/Berlin"),
    minimum=st.integers(0, 2),
)
once = st.builds(
    Schedule,
    name=st.sampled_from(["mornings", "sale"]),
    start=st.sampled_from(["2100-01-01T00:00:00Z", "2100-06-30T12:30:00Z"]),
    desired=st.integers(1, 2),
)
schedules = st.lists(
    again | once,
    max_size=3,
    unique_by=lambda schedule: schedule.name,
)
words = st.text("abcdefghij -_:/=+", min_size=1, max_size=12).map(lambda word: f"k{word}")
mixed = st.fixed_dictionaries({"spot": st.builds(Spot, share=st.integers(0, 100)), "warm_pool": st.none()})
plain = st.fixed_dictionaries(
    {"spot": st.none(), "warm_pool": st.none() | st.builds(WarmPool, minimum=st.integers(0, 3))}
)
fields: st.SearchStrategy[Fields] = st.fixed_dictionaries(
    {
        "minimum": st.integers(0, 1),
        "desired": st.integers(1, 2),
        "maximum": st.integers(2, 20),
        "instance_types": st.lists(st.sampled_from(["t3.micro", "t3.small", "m5.large"]), min_size=1, unique=True),
        "hop_limit": st.integers(1, 64),
        "detailed_monitoring": st.booleans(),
        "key_pair": st.none() | st.just("lab"),
        "tags": st.dictionaries(words, words, max_size=3),
        "health": st.builds(GroupHealth, kind=st.sampled_from(["EC2", "ELB"]), grace=st.integers(0, 7200)),
        "warm_up": st.integers(0, 7200),
        "maintenance": st.none() | st.builds(Maintenance, minimum_healthy=st.integers(50, 100)),
        "max_lifetime": st.none() | st.just(0) | st.integers(86400, 31536000),
        "capacity_rebalance": st.booleans(),
        "termination_policies": st.sampled_from([("Default",), ("OldestInstance",), ("NewestInstance", "Default")]),
        "retain_abandoned": st.booleans(),
        "hooks": hooks,
        "volumes": volumes,
        "policies": policies,
        "schedules": schedules,
    }
)


def sound(both: tuple[Fields, Fields]) -> Fields:
    """Without a terminate hook nothing can be abandoned, and the settings refuse to retain it."""
    told = {**both[0], **both[1]}
    return {**told, "retain_abandoned": told["retain_abandoned"] and told["hooks"].terminate is not None}


declared = st.tuples(fields, mixed | plain).map(sound)
fronts = st.fixed_dictionaries(
    {
        "ports": st.sampled_from([(80,), (443,), (80, 443)]),
        "cross_zone": st.booleans(),
        "deregistration_delay": st.integers(0, 3600),
    }
)
extras = st.fixed_dictionaries(
    {"notified": st.booleans(), "balanced": st.booleans(), "front": st.none() | fronts, "user_data": words}
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def balancer(lab: Lab) -> str:
    return instance(lab)


def on_ground(lab: Lab, balancer: str, name: str, told: Fields, more: Fields) -> Fields:
    """What needs the cloud's own identifiers."""
    ground = {"vpc": lab.ground.vpc, "subnets": lab.ground.subnets, "balancer_instances": [balancer]}
    front = NetworkLoadBalancer(name=name, **ground, **more["front"]) if more["front"] else None
    topic = Notifications(topic_arn=lab.ground.topic) if more["notified"] else None
    target_groups = [TargetGroup(name=name, vpc=lab.ground.vpc)] if more["balanced"] else []
    return {**told, "name": name, "notifications": topic, "target_groups": target_groups, "load_balancer": front}


def carry_out(lab: Lab, declared: Declared) -> None:
    """The plan asks nobody and is the same twice; what is called to change anything is what it says, in its order."""
    seen, noted = world(lab, declared.group), len(lab.endpoint.calls)
    made = plan(declared, seen)
    checked(made.calls)

    assert (made, noted) == (plan(declared, seen), len(lab.endpoint.calls))

    apply(made.calls, lab.clients, lambda _: None, lambda _: None)
    called = [(service, xform_name(operation)) for service, operation in lab.endpoint.calls[noted:]]
    assert [(call.service, call.method) for call in made.calls] == [
        one for one in called if not one[1].startswith(READS)
    ]


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not LONG,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=declared, second=declared, more=extras, then=extras)
def test_what_was_applied_is_at_rest(
    lab: Lab, balancer: str, first: Fields, second: Fields, more: Fields, then: Fields
) -> None:
    """Made from nothing, then turned into something else; each request is one that botocore would send."""
    name = f"tide{next(NUMBERS)}"
    for told, extra in ((first, more), (second, then)):
        group = lab.declare(**on_ground(lab, balancer, name, told, extra))
        carry_out(lab, Declared(group, extra["user_data"]))

        assert [] == [f"{c.name}: {c.reason}" for c in planned(lab, group, user_data=extra["user_data"]).calls]
