"""Whole plans of a group in the lab's cloud: observed, planned, carried out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slackwater.aws.apply import apply
from slackwater.aws.bundle_object import BundleObject
from slackwater.aws.call import Call
from slackwater.aws.plan import Declared, Plan, plan
from slackwater.aws.world import World, observe
from slackwater.settings import (
    Metric,
    NetworkLoadBalancer,
    Notifications,
    Policy,
    ScalingGroup,
    Schedule,
    TargetGroup,
    Volume,
    WarmPool,
)
from tests.aws.resources import Lab, checked

USER_DATA = "#cloud-config\n# of the test\n"


def world(lab: Lab, group: ScalingGroup, bundle: BundleObject | None = None) -> World:
    return observe(lab.clients, group, bundle)


def planned(lab: Lab, group: ScalingGroup, *, user_data: str = USER_DATA, bundle: BundleObject | None = None) -> Plan:
    """Of what the cloud holds now; each request is one that botocore would send."""
    made = plan(Declared(group, user_data, bundle=bundle), world(lab, group, bundle))
    checked(made.calls)
    return made


def told(calls: Sequence[Call]) -> list[str]:
    return [f"{call.method}: {call.reason}" for call in calls]


def run(lab: Lab, group: ScalingGroup, **more: Any) -> list[str]:
    """Plans and applies; what was called, and why."""
    made = planned(lab, group, **more)
    apply(made.calls, lab.clients, lambda _: None, lambda _: None)
    return told(made.calls)


def everything(lab: Lab, **fields: Any) -> ScalingGroup:
    """A group with one of all that there is."""
    ground = lab.ground
    group = lab.declare()
    full: dict[str, Any] = {
        "name": group.name,
        "key_pair": ground.key_pair,
        "tags": {"team": "shop"},
        "volumes": [Volume(gb=20), Volume(device="/dev/xvdb", gb=30, iops=4000)],
        "target_groups": [TargetGroup(name=group.name, vpc=ground.vpc)],
        "load_balancer": NetworkLoadBalancer(
            name=f"{group.name}-edge",
            vpc=ground.vpc,
            subnets=ground.subnets,
            balancer_instances=[instance(lab)],
            ports=[80],
        ),
        "policies": [*Policy.defaults(), Policy.target("cpu-held", Metric.cpu(), value=50)],
        "schedules": [Schedule(name="mornings", cron="30 7 * * 1-5", minimum=3)],
        "warm_pool": WarmPool(minimum=0),
        "notifications": Notifications(topic_arn=ground.topic),
    }
    return lab.declare(**{**full, **fields})


def instance(lab: Lab) -> str:
    """A balancer's machine."""
    asked = {"ImageId": lab.ground.image, "MinCount": 1, "MaxCount": 1, "SubnetId": lab.ground.subnets[0]}
    return str(lab.clients.service("ec2").run_instances(**asked)["Instances"][0]["InstanceId"])
