"""Each setting of each part of a group: what a plan calls when only that one is declared otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from slackwater.errors import SlackwaterError
from slackwater.settings import (
    GroupHealth,
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
    scaling,
)
from slackwater.settings._base import Settings
from tests.aws.resources import GUARD, SUBNETS, VPC, Lab
from tests.aws.resources import lab as start
from tests.aws.whole import instance, planned, run, told

Path = tuple[str | int, ...]
DECLARED = "0123456789abcdef"
"""So begin the ids of what rows declare and no lab has."""
BALANCER = f"i-{DECLARED}0"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@dataclass(frozen=True)
class Row:
    """`told` are all the calls of the plan with their reasons; a text alone is what it says when it refuses.

    `path` is where the part is in the group, `change` what is declared there otherwise: the row's own field, and what
    the settings want beside it.
    """

    path: Path
    change: Mapping[str, Any]
    told: Sequence[str] | str


def update(reason: str) -> list[str]:
    return [f"update_auto_scaling_group: {reason}"]


def version(reason: str) -> list[str]:
    return [f"create_launch_template_version: {reason}", *update("LaunchTemplate.Version 1 -> new")]


def hook(reason: str) -> list[str]:
    return [f"put_lifecycle_hook: {reason}"]


def policy(reason: str) -> list[str]:
    return [f"put_scaling_policy: {reason}"]


def alarm(reason: str) -> list[str]:
    return [f"put_metric_alarm: {reason}"]


def schedule(reason: str) -> list[str]:
    return [f"put_scheduled_update_group_action: {reason}"]


def check(reason: str) -> list[str]:
    return [f"modify_target_group: {reason}"]


def attribute(reason: str) -> list[str]:
    return [f"modify_target_group_attributes: {reason}"]


LAUNCH, TERMINATE = ("hooks", "launch"), ("hooks", "terminate")
HIGH, LOW, HELD, SEEN = (("policies", index) for index in range(4))
CPU, WAITING, REQUESTS = (("policies", index, "metric") for index in (0, 4, 5))
ROOT, MORE = ("volumes", 0), ("volumes", 1)
MORNINGS, BEHIND, FRONT, POOL = ("schedules", 0), ("target_groups", 1), ("load_balancer",), ("warm_pool",)
DISTRIBUTION = "MixedInstancesPolicy.InstancesDistribution"
EBS = "Encrypted: True, DeleteOnTermination: True"
ENDS = "AWS lets whoever waits on it go on: ABANDON at launch, CONTINUE at termination"
RENAMED_HOOK = [*hook("new"), f"delete_lifecycle_hook: no longer declared; {ENDS}"]
FIRST_STEP, EVENTS = "MetricIntervalLowerBound: 0.0", "autoscaling:EC2_INSTANCE"
ALL_EVENTS = ", ".join(f"{EVENTS}_{event}" for event in ("LAUNCH", "LAUNCH_ERROR", "TERMINATE", "TERMINATE_ERROR"))

ROWS: dict[type[Settings], dict[str, Row]] = {
    Spot: {
        "share": Row(("spot",), {"share": 80}, update(f"{DISTRIBUTION}.OnDemandPercentageAboveBaseCapacity 50 -> 20")),
        "base": Row(("spot",), {"base": 2}, update(f"{DISTRIBUTION}.OnDemandBaseCapacity 1 -> 2")),
        "allocation": Row(
            ("spot",),
            {"allocation": "capacity-optimized"},
            update(f"{DISTRIBUTION}.SpotAllocationStrategy price-capacity-optimized -> capacity-optimized"),
        ),
        "on_demand_allocation": Row(
            ("spot",),
            {"on_demand_allocation": "lowest-price"},
            update(f"{DISTRIBUTION}.OnDemandAllocationStrategy prioritized -> lowest-price"),
        ),
    },
    GroupHealth: {
        "kind": Row(("health",), {"kind": "ELB"}, update("HealthCheckType EC2 -> ELB")),
        "grace": Row(("health",), {"grace": 60}, update("HealthCheckGracePeriod 120 -> 60")),
    },
    Maintenance: {
        "minimum_healthy": Row(
            ("maintenance",),
            {"minimum_healthy": 90},
            update("InstanceMaintenancePolicy.MinHealthyPercentage 100 -> 90"),
        ),
        "maximum_healthy": Row(
            ("maintenance",),
            {"maximum_healthy": 120},
            update("InstanceMaintenancePolicy.MaxHealthyPercentage 110 -> 120"),
        ),
    },
    LaunchHook: {
        "name": Row(LAUNCH, {"name": "arrive"}, RENAMED_HOOK),
        "heartbeat": Row(LAUNCH, {"heartbeat": 240}, hook("HeartbeatTimeout 300 -> 240")),
        # AWS does not hear of it: the instance's user-data and bundle say it.
        "deadline": Row(LAUNCH, {"deadline": 900}, []),
        "default": Row(LAUNCH, {"default": "CONTINUE"}, hook("DefaultResult ABANDON -> CONTINUE")),
    },
    TerminateHook: {
        "name": Row(TERMINATE, {"name": "leave"}, RENAMED_HOOK),
        "heartbeat": Row(TERMINATE, {"heartbeat": 90}, hook("HeartbeatTimeout 60 -> 90")),
        "default": Row(TERMINATE, {"default": "ABANDON"}, hook("DefaultResult CONTINUE -> ABANDON")),
    },
    Volume: {
        "device": Row(
            MORE,
            {"device": "/dev/xvdc"},
            version(
                f"disk /dev/xvdc none -> {{VolumeSize: 30, VolumeType: gp3, {EBS}}}; "
                f"disk /dev/xvdb {{{EBS}, VolumeSize: 30, VolumeType: gp3}} -> none"
            ),
        ),
        "gb": Row(MORE, {"gb": 40}, version("disk /dev/xvdb.VolumeSize 30 -> 40")),
        "kind": Row(ROOT, {"kind": "gp2"}, version("disk /dev/xvda.VolumeType gp3 -> gp2")),
        "iops": Row(ROOT, {"iops": 4000}, version("disk /dev/xvda.Iops none -> 4000")),
        "throughput": Row(ROOT, {"throughput": 250}, version("disk /dev/xvda.Throughput none -> 250")),
        "kms_key": Row(ROOT, {"kms_key": KEY}, version(f"disk /dev/xvda.KmsKeyId none -> {KEY}")),
    },
    Policy: {
        "kind": Row(
            HIGH,
            {"kind": "target", "above": None, "adjustment": None, "value": 50.0},
            [
                "delete_policy: PolicyType StepScaling -> TargetTrackingScaling",
                *policy("new"),
                "delete_alarms: no longer declared",
            ],
        ),
        "name": Row(
            HIGH,
            {"name": "cpu-up"},
            [
                *policy("new"),
                *alarm("new"),
                "delete_alarms: no longer declared",
                "delete_policy: no longer declared",
            ],
        ),
        "metric": Row(
            HIGH,
            {"metric": Metric.custom("CWAgent", "cpu")},
            alarm(
                "Namespace AWS/EC2 -> CWAgent; MetricName CPUUtilization -> cpu; "
                "Dimensions [{Name: AutoScalingGroupName, Value: parts}] -> []"
            ),
        ),
        "above": Row(HIGH, {"above": 80}, alarm("Threshold 70.0 -> 80.0")),
        "below": Row(LOW, {"below": 20}, alarm("Threshold 30.0 -> 20.0")),
        "periods": Row(HIGH, {"periods": 3}, alarm("EvaluationPeriods 5 -> 3; DatapointsToAlarm 5 -> 3")),
        "period": Row(HIGH, {"period": 120}, alarm("Period 60 -> 120")),
        "adjustment": Row(HIGH, {"adjustment": 2}, policy("StepAdjustments[0].ScalingAdjustment 1 -> 2")),
        "adjustment_type": Row(
            HIGH,
            {"adjustment_type": "PercentChangeInCapacity"},
            policy("AdjustmentType ChangeInCapacity -> PercentChangeInCapacity"),
        ),
        "steps": Row(
            HIGH,
            {"steps": {90.0: 3}},
            policy(
                f"StepAdjustments [{{{FIRST_STEP}, ScalingAdjustment: 1}}] -> "
                f"[{{{FIRST_STEP}, MetricIntervalUpperBound: 20.0, ScalingAdjustment: 1}}, "
                "{MetricIntervalLowerBound: 20.0, ScalingAdjustment: 3}]"
            ),
        ),
        "value": Row(HELD, {"value": 60.0}, policy("TargetTrackingConfiguration.TargetValue 50.0 -> 60.0")),
        "scale_in": Row(HELD, {"scale_in": False}, policy("TargetTrackingConfiguration.DisableScaleIn False -> True")),
        "mode": Row(
            SEEN,
            {"mode": "ForecastAndScale"},
            policy("PredictiveScalingConfiguration.Mode ForecastOnly -> ForecastAndScale"),
        ),
        "buffer": Row(SEEN, {"buffer": 600}, policy("PredictiveScalingConfiguration.SchedulingBufferTime 300 -> 600")),
    },
    Metric: {
        "kind": Row(
            CPU,
            {"kind": "requests_per_target", "target_group": "parts", "statistic": "Sum"},
            alarm(
                "Namespace AWS/EC2 -> AWS/ApplicationELB; MetricName CPUUtilization -> RequestCountPerTarget; "
                "Dimensions[0].Name AutoScalingGroupName -> TargetGroup; "
                "Dimensions[0].Value parts -> targetgroup/parts/id; Statistic Average -> Sum"
            ),
        ),
        "target_group": Row(
            REQUESTS,
            {"target_group": "parts-b"},
            alarm("Dimensions[0].Value targetgroup/parts/id -> targetgroup/parts-b/id"),
        ),
        "namespace": Row(WAITING, {"namespace": "Shop"}, alarm("Namespace Jobs -> Shop")),
        "name": Row(WAITING, {"name": "age"}, alarm("MetricName waiting -> age")),
        "dimensions": Row(WAITING, {"dimensions": {"queue": "bills"}}, alarm("Dimensions[0].Value mail -> bills")),
        "statistic": Row(
            WAITING,
            {"statistic": "Maximum"},
            [*policy("MetricAggregationType Average -> Maximum"), *alarm("Statistic Average -> Maximum")],
        ),
    },
    Schedule: {
        "name": Row(MORNINGS, {"name": "dawn"}, [*schedule("new"), "delete_scheduled_action: no longer declared"]),
        "cron": Row(MORNINGS, {"cron": "0 7 * * 1-5"}, schedule("Recurrence 30 7 * * 1-5 -> 0 7 * * 1-5")),
        "time_zone": Row(MORNINGS, {"time_zone": "Europe/Paris"}, schedule("TimeZone Europe/Berlin -> Europe/Paris")),
        "minimum": Row(MORNINGS, {"minimum": 2}, schedule("MinSize 3 -> 2")),
        "maximum": Row(MORNINGS, {"maximum": 9}, schedule("MaxSize 8 -> 9")),
        "desired": Row(MORNINGS, {"desired": 5}, schedule("DesiredCapacity 4 -> 5")),
        "start": Row(
            MORNINGS,
            {"start": "2098-02-01T00:00:00Z"},
            schedule("StartTime 2098-01-01T00:00:00Z -> 2098-02-01T00:00:00Z"),
        ),
        "end": Row(
            MORNINGS,
            {"end": "2099-02-01T00:00:00Z"},
            schedule("EndTime 2099-01-01T00:00:00Z -> 2099-02-01T00:00:00Z"),
        ),
    },
    TargetGroup: {
        "name": Row(
            BEHIND,
            {"name": "parts-c"},
            [
                "create_target_group: new",
                *attribute("new"),
                "attach_load_balancer_target_groups: target group parts-c: not attached",
                "detach_load_balancer_target_groups: target group parts-b: no longer declared",
            ],
        ),
        "vpc": Row(BEHIND, {"vpc": VPC}, f"target group parts-b: VpcId vpc-lab -> {VPC}: AWS cannot change that"),
        "port": Row(BEHIND, {"port": 9000}, "target group parts-b: Port 8000 -> 9000: AWS cannot change that"),
        "protocol": Row(
            BEHIND, {"protocol": "HTTPS"}, "target group parts-b: Protocol HTTP -> HTTPS: AWS cannot change that"
        ),
        "deregistration_delay": Row(
            BEHIND, {"deregistration_delay": 90}, attribute("deregistration_delay.timeout_seconds 70 -> 90")
        ),
        "slow_start": Row(BEHIND, {"slow_start": 60}, attribute("slow_start.duration_seconds 0 -> 60")),
        "stickiness": Row(
            BEHIND,
            {"stickiness": 600},
            attribute("stickiness.enabled false -> true; stickiness.lb_cookie.duration_seconds none -> 600"),
        ),
        "health_path": Row(BEHIND, {"health_path": "/up"}, check("HealthCheckPath /health -> /up")),
        "health_interval": Row(BEHIND, {"health_interval": 20}, check("HealthCheckIntervalSeconds 30 -> 20")),
        "health_timeout": Row(BEHIND, {"health_timeout": 4}, check("HealthCheckTimeoutSeconds 5 -> 4")),
        "rise": Row(BEHIND, {"rise": 3}, check("HealthyThresholdCount 2 -> 3")),
        "fall": Row(BEHIND, {"fall": 2}, check("UnhealthyThresholdCount 3 -> 2")),
    },
    NetworkLoadBalancer: {
        "name": Row(
            FRONT,
            {"name": "parts-other"},
            [
                "create_load_balancer: new",
                "modify_load_balancer_attributes: new",
                "create_target_group: new",
                *attribute("new"),
                "register_targets: i-lab: not registered",
                "create_listener: port 80: new",
            ],
        ),
        "vpc": Row(FRONT, {"vpc": VPC}, f"load balancer parts-edge: VpcId vpc-lab -> {VPC}: AWS cannot change that"),
        "subnets": Row(
            FRONT,
            {"subnets": SUBNETS[:1]},
            [f"set_subnets: Subnets [subnet-lab, subnet-lab] -> [{SUBNETS[0]}]"],
        ),
        "balancer_instances": Row(
            FRONT,
            {"balancer_instances": (BALANCER,)},
            [
                f"register_targets: {BALANCER}: not registered",
                f"describe_target_health: {BALANCER}: must answer first",
                "deregister_targets: i-lab: no longer declared",
            ],
        ),
        "ports": Row(
            FRONT,
            {"ports": (80, 443)},
            [
                "create_target_group: new",
                *attribute("new"),
                "register_targets: i-lab: not registered",
                "create_listener: port 443: new",
            ],
        ),
        "scheme": Row(
            FRONT,
            {"scheme": "internal"},
            "load balancer parts-edge: Scheme internet-facing -> internal: AWS cannot change that",
        ),
        "security_groups": Row(
            FRONT,
            {"security_groups": (GUARD,)},
            f"load balancer parts-edge: SecurityGroups [] -> [{GUARD}]: AWS cannot change that",
        ),
        "cross_zone": Row(
            FRONT,
            {"cross_zone": False},
            ["modify_load_balancer_attributes: load_balancing.cross_zone.enabled true -> false"],
        ),
        "deregistration_delay": Row(
            FRONT, {"deregistration_delay": 90}, attribute("deregistration_delay.timeout_seconds 120 -> 90")
        ),
    },
    WarmPool: {
        "minimum": Row(POOL, {"minimum": 1}, ["put_warm_pool: MinSize 0 -> 1"]),
        "prepared": Row(POOL, {"prepared": 6}, ["put_warm_pool: MaxGroupPreparedCapacity -1 -> 6"]),
        "state": Row(POOL, {"state": "Running"}, "state = 'Running': must be 'Stopped'"),
        "reuse_on_scale_in": Row(POOL, {"reuse_on_scale_in": True}, "reuse_on_scale_in = True: must be False"),
    },
    Notifications: {
        "topic_arn": Row(
            ("notifications",),
            {"topic_arn": "arn:aws:sns:eu-central-1:123456789012:other"},
            [
                "put_notification_configuration: new",
                "delete_notification_configuration: no longer declared",
            ],
        ),
        "events": Row(
            ("notifications",),
            {"events": (f"{EVENTS}_LAUNCH",)},
            [f"put_notification_configuration: NotificationTypes [{ALL_EVENTS}] -> [{EVENTS}_LAUNCH]"],
        ),
    },
}
OTHERS = {"ScalingGroup", "Hooks", "Image", "Breaker", "Connections"}
"""The group has its own table; hooks are of two parts; the last three are no part of what a plan makes."""


def otherwise(settings: Any, path: Path, change: Mapping[str, Any]) -> Any:
    """The same settings, with the change where the path leads."""
    if isinstance(settings, tuple):
        return tuple(otherwise(one, path[1:], change) if at == path[0] else one for at, one in enumerate(settings))
    told_before = {name: getattr(settings, name) for name in type(settings).model_fields}
    if not path:
        return type(settings)(**{**told_before, **change})
    name = str(path[0])
    return type(settings)(**{**told_before, name: otherwise(told_before[name], path[1:], change)})


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def made(lab: Lab) -> ScalingGroup:
    """With one of each part, but spot, which no group with a warm pool may have."""
    ground = lab.ground
    group = lab.declare(
        name="parts",
        volumes=[Volume(gb=20), Volume(device="/dev/xvdb", gb=30)],
        policies=[
            Policy.step("cpu-high", Metric.cpu(), above=70, adjustment=1),
            Policy.step("cpu-low", Metric.cpu(), below=30, adjustment=-1),
            Policy.target("cpu-held", Metric.cpu(), value=50),
            Policy.predictive("cpu-seen", Metric.cpu(), value=50),
            Policy.step(
                "queue", Metric.custom("Jobs", "waiting", dimensions={"queue": "mail"}), above=70, adjustment=1
            ),
            Policy.step("requests", Metric.requests_per_target(target_group="parts"), above=70, adjustment=1),
        ],
        schedules=[
            Schedule(
                name="mornings",
                cron="30 7 * * 1-5",
                time_zone="Europe/Berlin",
                minimum=3,
                desired=4,
                maximum=8,
                start="2098-01-01T00:00:00Z",
                end="2099-01-01T00:00:00Z",
            )
        ],
        target_groups=[TargetGroup(name=name, vpc=ground.vpc) for name in ("parts", "parts-b")],
        load_balancer=NetworkLoadBalancer(
            name="parts-edge",
            vpc=ground.vpc,
            subnets=ground.subnets,
            balancer_instances=[instance(lab)],
            ports=[80],
        ),
        warm_pool=WarmPool(minimum=0),
        notifications=Notifications(topic_arn=ground.topic),
    )
    run(lab, group)
    return group


@pytest.fixture(scope="module")
def mixed(lab: Lab) -> ScalingGroup:
    group = lab.declare(name="parts-mixed", spot=Spot(share=50, base=1), instance_types=["t3.micro", "t3.small"])
    run(lab, group)
    return group


def planned_of(lab: Lab, group: ScalingGroup, row: Row) -> list[str]:
    return [named(text) for text in told(planned(lab, otherwise(group, row.path, row.change)).calls)]


def named(text: str) -> str:
    """What the lab has drawn by lot has a word; what a row declares keeps its own."""
    return re.sub(
        r"(?<=/)[0-9a-f]{16}\b", "id", re.sub(rf"\b(vpc|subnet|i)-(?!{DECLARED})[0-9a-f]{{17}}", r"\1-lab", text)
    )


@pytest.mark.parametrize("part", ROWS, ids=lambda part: part.__name__)
def test_every_field_has_its_row(part: type[Settings]) -> None:
    """A setting that no plan looks at is red until it has one."""
    assert set(part.model_fields) == set(ROWS[part])


def test_every_part_has_its_rows() -> None:
    """A part of the declaration that no plan looks at is red until it has them."""
    assert set(scaling.__all__) - OTHERS == {part.__name__ for part in ROWS}


@pytest.mark.parametrize(
    ("part", "field"),
    [(part, field) for part, rows in ROWS.items() for field in rows],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_a_change_of_one_setting_is_what_its_row_says(
    lab: Lab, made: ScalingGroup, mixed: ScalingGroup, part: type[Settings], field: str
) -> None:
    """No call less, and none more: whatever else would be called touches what nobody has changed."""
    row, group = ROWS[part][field], mixed if part is Spot else made
    if isinstance(row.told, str):
        with pytest.raises(SlackwaterError) as refused:
            planned_of(lab, group, row)

        assert row.told in named(str(refused.value))
    else:
        assert row.told == planned_of(lab, group, row)
