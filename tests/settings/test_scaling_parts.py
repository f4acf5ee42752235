"""The parts of a scaling group: what AWS would refuse is refused before it is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from slackwater import (
    Breaker,
    Connections,
    Drain,
    GroupHealth,
    Hooks,
    Image,
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
from slackwater.errors import SettingsError
from slackwater.settings.scaling._cron import is_cron

VPC = "vpc-0123456789abcdef0"
FRONT: dict[str, Any] = {
    "name": "front",
    "vpc": VPC,
    "subnets": ["subnet-0123456789abcdef0"],
    "balancer_instances": ["i-0123456789abcdef0"],
}


def step(**told: Any) -> Policy:
    return Policy.step("x", **{"metric": Metric.cpu(), "above": 70, "adjustment": 1, **told})


def target(**told: Any) -> TargetGroup:
    return TargetGroup(**{"name": "shop", "vpc": VPC, **told})


WRONG: list[tuple[Callable[[], object], str, str]] = [
    (lambda: Drain(deadline=9), "deadline", "from 10 to 172800"),
    (lambda: Image.id("ami-1"), "value", "'ami-0123456789abcdef0'"),
    (lambda: Image.ssm("/aws/ser vice"), "value", "a parameter's name"),
    (lambda: Image.ssm("/" + "x" * 1011), "value", "a parameter's name"),
    (lambda: Volume(device="sda"), "device", "'/dev/xvda'"),
    (lambda: Volume(gb=0), "gb", "from 1 to 65536"),
    (lambda: Volume(kind="gp2", gb=16385), "gb", "from 1 to 16384 for gp2"),
    (lambda: Volume(kind="io1", gb=3, iops=100), "gb", "from 4 to 16384 for io1"),
    (lambda: Volume(iops=2999), "iops", "from 3000 to 80000 for gp3"),
    (lambda: Volume(gb=20, iops=10001), "iops", "at most 500 for each of its 20 GB"),
    (lambda: Volume(kind="gp2", iops=3000), "iops", "None for gp2"),
    (lambda: Volume(kind="io2"), "iops", "must be given for io2"),
    (lambda: Volume(kind="gp2", throughput=125), "throughput", "None for gp2"),
    (lambda: Volume(throughput=751), "throughput", "a quarter of iops (3000)"),
    (lambda: Volume(kms_key="my key"), "kms_key", "a KMS key"),
    (lambda: Spot(share=101), "share", "from 0 to 100"),
    (lambda: Spot(allocation="cheapest"), "allocation", "'price-capacity-optimized'"),  # type: ignore[arg-type]
    (lambda: GroupHealth(kind="HTTP"), "kind", "'EC2', 'ELB'"),  # type: ignore[arg-type]
    (lambda: Maintenance(minimum_healthy=101), "minimum_healthy", "from 0 to 100"),
    (lambda: Maintenance(minimum_healthy=50, maximum_healthy=151), "maximum_healthy", "minimum_healthy + 100 (150)"),
    (lambda: LaunchHook(name="a b"), "name", "letters, digits or any of - _ /"),
    (lambda: LaunchHook(name="x" * 256), "name", "1 to 255"),
    (lambda: LaunchHook(heartbeat=29), "heartbeat", "from 30 to 7200"),
    (lambda: LaunchHook(heartbeat=30, deadline=3001), "deadline", "at most 3000 seconds"),
    (lambda: LaunchHook(default="RETRY"), "default", "'CONTINUE', 'ABANDON'"),  # type: ignore[arg-type]
    (lambda: TerminateHook(heartbeat=7201), "heartbeat", "from 30 to 7200"),
    (lambda: Hooks(launch=LaunchHook(name="x"), terminate=TerminateHook(name="x")), "name", "differ from the launch"),
    (lambda: Metric.requests_per_target(target_group="a_b"), "target_group", "1 to 32"),
    (lambda: Metric(kind="requests_per_target"), "target_group", "must be the name"),
    (lambda: Metric.custom(":x", "y"), "namespace", "not beginning with ':'"),
    (lambda: Metric.custom("x", ""), "name", "1 to 255"),
    (lambda: Metric.custom("x", "y", dimensions={f"d{n}": "1" for n in range(31)}), "dimensions", "at most 30"),
    (lambda: Metric.custom("x", "y", dimensions={":d": "1"}), "dimensions", "not beginning with ':'"),
    (lambda: step(below=30), "above", "exactly one"),
    (lambda: step(above=None), "above", "exactly one"),
    (lambda: step(above=float("nan")), "above", "a finite number"),
    (lambda: step(adjustment=-1), "adjustment", "at least 1: the group grows"),
    (lambda: step(above=None, below=30), "adjustment", "at most -1: the group shrinks"),
    (lambda: step(steps={90: 0}), "steps", "at least 1"),
    (lambda: step(steps={70: 2}), "steps", "above the threshold (70)"),
    (lambda: step(above=None, below=30, adjustment=-1, steps={40: -2}), "steps", "below the threshold (30)"),
    (lambda: step(steps={71 + n: 2 for n in range(20)}), "steps", "at most 19"),
    (lambda: step(adjustment=-1, adjustment_type="ExactCapacity"), "adjustment", "at least 0"),
    (lambda: step(period=90), "period", "10, 20, 30 or a multiple of 60"),
    (lambda: step(period=30), "period", "at least 60 seconds"),
    (lambda: step(period=3600, periods=25), "periods", "at most 24"),
    (lambda: step(periods=0), "periods", "from 1 to 1440"),
    (lambda: Policy.target("x", Metric.cpu(), value=0), "value", "greater than 0"),
    (lambda: Policy.target("a:b", Metric.cpu(), value=50), "name", "without space and ':'"),
    (lambda: Policy.predictive("x", Metric.custom("a", "b"), value=1), "metric", "for a prediction"),
    (lambda: Policy.predictive("x", Metric.cpu(), value=50, buffer=3601), "buffer", "from 0 to 3600"),
    (lambda: Schedule(name="x", desired=1), "cron", "must be given, or start"),
    (lambda: Schedule(name="x", cron="* * *", desired=1), "cron", "five fields"),
    (lambda: Schedule(name="x", cron="* * * * *"), "desired", "must be given, or minimum"),
    (lambda: Schedule(name="x", cron="* * * * *", desired=1, time_zone="Berlin"), "time_zone", "'Europe/Berlin'"),
    (
        lambda: Schedule(name="x", start="2026-12-24T08:00:00Z", desired=1, time_zone="Europe/Berlin"),
        "time_zone",
        "must go with cron",
    ),
    (lambda: Schedule(name="x", start="tomorrow", desired=1), "start", "'2026-12-24T08:00:00Z'"),
    (lambda: Schedule(name="x", start="2026-02-30T08:00:00Z", desired=1), "start", "a time in UTC"),
    (lambda: Schedule(name="x", start="2026-12-24T08:00:00Z", end="2026-12-25T08:00:00Z", desired=1), "end", "cron"),
    (
        lambda: Schedule(name="x", cron="* * * * *", start="2026-12-24T08:00:00Z", end="2026-12-24T08:00:00Z"),
        "end",
        "after start",
    ),
    (lambda: Schedule(name="x", cron="* * * * *", minimum=3, maximum=2), "minimum", "minimum <= desired <= maximum"),
    (lambda: Schedule(name="x", cron="* * * * *", desired=3, maximum=2), "desired", "minimum <= desired <= maximum"),
    (lambda: WarmPool(minimum=3, prepared=2), "prepared", "at least minimum (3)"),
    (lambda: WarmPool(state="Paused"), "state", "'Stopped', 'Running', 'Hibernated'"),  # type: ignore[arg-type]
    (lambda: Notifications(topic_arn="scaling"), "topic_arn", "the ARN of an SNS topic"),
    (lambda: Notifications(topic_arn="arn:aws:sns:eu-central-1:123456789012:s", events=[]), "events", "at least one"),
    (lambda: target(name="x" * 33), "name", "1 to 32"),
    (lambda: target(name="shop_prod"), "name", "1 to 32"),
    (lambda: target(name="-shop"), "name", "neither first nor last"),
    (lambda: target(vpc="vpc-1"), "vpc", "'vpc-0123456789abcdef0'"),
    (lambda: target(protocol="UDP"), "protocol", "'HTTP', 'HTTPS', 'TCP'"),
    (lambda: target(deregistration_delay=3601), "deregistration_delay", "from 0 to 3600"),
    (lambda: target(slow_start=29), "slow_start", "from 30 to 900"),
    (lambda: target(slow_start=30, protocol="TCP"), "slow_start", "0 for TCP"),
    (lambda: target(stickiness=604801), "stickiness", "from 1 to 604800"),
    (lambda: target(stickiness=60, protocol="TCP"), "stickiness", "None for TCP"),
    (lambda: target(health_path="health"), "health_path", "begins with '/'"),
    (lambda: target(health_interval=4), "health_interval", "from 5 to 300"),
    (lambda: target(health_interval=5), "health_timeout", "less than health_interval (5 seconds)"),
    (lambda: target(rise=1), "rise", "from 2 to 10"),
    (lambda: target(fall=11), "fall", "from 2 to 10"),
    (lambda: NetworkLoadBalancer(**{**FRONT, "name": "internal-x"}), "name", "not 'internal-…'"),
    (lambda: NetworkLoadBalancer(**{**FRONT, "name": "x" * 27}), "name", "1 to 26"),
    (lambda: NetworkLoadBalancer(**{**FRONT, "ports": [0]}), "ports[0]", "from 1 to 65535"),
    (lambda: NetworkLoadBalancer(**{**FRONT, "ports": [80, 80]}), "ports", "each once"),
    (lambda: NetworkLoadBalancer(**{**FRONT, "balancer_instances": []}), "balancer_instances", "at least one"),
    (lambda: Breaker(failures=0), "failures", "from 1 to 100"),
    (lambda: Breaker(watched_by="nobody"), "watched_by", "'balancers', 'elsewhere'"),
    (lambda: Connections(pool=0, overflow=0), "pool", "at least 1 together"),
    (lambda: Connections(max_connections=10), "reserve", "less than max_connections (10)"),
]


@pytest.mark.parametrize(("make", "field", "said"), WRONG, ids=[f"{field}: {said}" for _, field, said in WRONG])
def test_a_wrong_value_is_refused(make: Callable[[], object], field: str, said: str) -> None:
    """With the name of the setting, and what is allowed."""
    with pytest.raises(SettingsError) as caught:
        make()

    first = str(caught.value).splitlines()[0]

    assert f".{field}" in first
    assert said in first


@pytest.mark.parametrize("text", ["* * * * *", "0 7 * * 1-5", "*/15 8-18 * JAN-MAR MON,WED", "59 23 31 12 7"])
def test_a_recurrence_is_five_fields(text: str) -> None:
    """As crontab has them."""
    assert is_cron(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "5-1 * * * *",
        "*/0 * * * *",
        "@daily",
        "MON * * * *",
        "* * * FOO *",
        "1, * * * *",
        "* * * * *\n* * * * *",
        "\u0661 * * * *",
    ],
)
def test_what_is_no_recurrence_is_refused(text: str) -> None:
    """Out of range, backwards, or not five fields."""
    assert not is_cron(text)
