"""ScalingGroup: an Auto Scaling group of the fleet's own instances, with all that belongs to it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, InstanceOf

from slackwater.settings._base import Settings
from slackwater.settings._fields import AS_TUPLE, matching, part, switch, text, whole
from slackwater.settings.scaling import _words as words
from slackwater.settings.scaling._group_conflicts import group_conflicts
from slackwater.settings.scaling.breaker import Breaker
from slackwater.settings.scaling.connections import Connections
from slackwater.settings.scaling.group_health import GroupHealth
from slackwater.settings.scaling.hooks import Hooks
from slackwater.settings.scaling.image import Image
from slackwater.settings.scaling.maintenance import Maintenance
from slackwater.settings.scaling.network_load_balancer import NetworkLoadBalancer
from slackwater.settings.scaling.notifications import Notifications
from slackwater.settings.scaling.policy import Policy
from slackwater.settings.scaling.schedule import Schedule
from slackwater.settings.scaling.spot import Spot
from slackwater.settings.scaling.target_group import TargetGroup
from slackwater.settings.scaling.volume import Volume
from slackwater.settings.scaling.warm_pool import WarmPool

POLICY_WORDS = (
    "Default",
    "AllocationStrategy",
    "ClosestToNextInstanceHour",
    "NewestInstance",
    "OldestInstance",
    "OldestLaunchConfiguration",
    "OldestLaunchTemplate",
)
TERMINATION_ALLOWED = f"one of {', '.join(map(repr, POLICY_WORDS))}, or the ARN of a Lambda function"
TerminationPolicy = Annotated[
    str, AfterValidator(matching("|".join((*POLICY_WORDS, words.FUNCTION)), TERMINATION_ALLOWED))
]


class ScalingGroup(Settings):
    """In `group_data/cloud.py`, for the host `@local` of the group `cloud`. Metadata answers IMDSv2 alone and
    disks are encrypted; neither can be switched off."""

    name: str = text(
        ..., "The group's name.", pattern=words.GROUP_NAME, allowed=words.GROUP_NAME_ALLOWED, example="shop-prod"
    )
    region: str = text(..., "Where it is.", pattern=words.REGION, allowed=words.REGION_ALLOWED, example="eu-central-1")
    image: InstanceOf[Image] = text(
        ...,
        "What an instance boots from: Debian 12 or 13, or Ubuntu 24.04.",
        allowed="Image.id(…) or Image.ssm(…)",
        example=Image(kind="id", value="ami-0123456789abcdef0"),
    )
    instance_types: Annotated[tuple[words.InstanceType, ...], AS_TUPLE] = text(
        ...,
        "In order of preference, all of one architecture.",
        allowed=f"a list of 1 to 40, each {words.INSTANCE_TYPE_ALLOWED}",
        example=("t3.medium",),
    )
    subnets: Annotated[tuple[words.Subnet, ...], AS_TUPLE] = text(
        ...,
        "One of each availability zone.",
        allowed=f"a list, each {words.SUBNET_ALLOWED}",
        example=("subnet-0123456789abcdef0", "subnet-0123456789abcdef1"),
    )
    security_groups: Annotated[tuple[words.SecurityGroup, ...], AS_TUPLE] = text(
        ...,
        "What may reach an instance: the balancers, at App.port.",
        allowed=f"a list of 1 to 16, each {words.SECURITY_GROUP_ALLOWED}",
        example=("sg-0123456789abcdef0",),
    )
    instance_profile: str = text(
        ...,
        "The role of the instances; `slackwater permissions` prints what it needs.",
        pattern=words.PROFILE,
        allowed=words.PROFILE_ALLOWED,
        example="shop-prod",
    )
    minimum: int = whole(2, "Never fewer.", unit="instances", least=0)
    maximum: int = whole(10, "Never more.", unit="instances", least=0)
    desired: int = whole(3, "At the beginning; then policies decide.", unit="instances", least=0)
    groups: Annotated[tuple[words.HostGroup, ...], AS_TUPLE] = text(
        ("app",), "The groups an instance puts itself into.", allowed=f"a list, each {words.HOST_GROUP_ALLOWED}"
    )
    wheels: bool = switch(
        False, "Put every Python package into the bundle: an instance then asks no package index, and fetches 65 MB."
    )
    launch_template: str | None = text(
        None,
        "The launch template's name; None is the group's.",
        pattern=words.TEMPLATE_NAME,
        allowed=words.TEMPLATE_NAME_ALLOWED,
    )
    key_pair: str | None = text(
        None, "For ssh; None: no key from AWS.", pattern=words.KEY_PAIR, allowed=words.KEY_PAIR_ALLOWED
    )
    hop_limit: int = whole(
        1, "How far an answer of the metadata may travel; containers need 2.", unit="hops", least=1, most=64
    )
    detailed_monitoring: bool = switch(True, "CPU every minute; False is every five minutes, without charge.")
    volumes: Annotated[tuple[InstanceOf[Volume], ...], AS_TUPLE] = part(
        lambda: (Volume(),), "The disks; one of them is the image's root disk.", allowed="a list of Volume(…)"
    )
    tags: dict[words.TagKey, words.TagValue] = part(
        dict,
        "Of everything that is made, instances and disks too.",
        allowed=f"a dictionary of text; each key {words.TAG_KEY_ALLOWED}; each value {words.TAG_VALUE_ALLOWED}",
    )
    spot: InstanceOf[Spot] | None = text(None, "Spot instances; None: none.", allowed="Spot(…)")
    health: InstanceOf[GroupHealth] = part(
        GroupHealth, "What makes the group replace an instance.", allowed="GroupHealth(…)"
    )
    warm_up: int = whole(120, "From being in service until its metrics count.", unit="seconds", least=0, most=7200)
    maintenance: InstanceOf[Maintenance] | None = part(
        Maintenance, "How instances are replaced; None is AWS's way.", allowed="Maintenance(…), or None"
    )
    max_lifetime: int | None = whole(
        None, "Older instances are replaced; None and 0: never, else at least a day.", unit="seconds", most=31536000
    )
    capacity_rebalance: bool = switch(True, "Replace a spot instance that AWS is likely to take back, before it does.")
    termination_policies: Annotated[tuple[TerminationPolicy, ...], AS_TUPLE] = text(
        ("OldestLaunchTemplate", "Default"), "Who leaves first.", allowed=f"a list, each {TERMINATION_ALLOWED}"
    )
    target_groups: Annotated[tuple[InstanceOf[TargetGroup], ...], AS_TUPLE] = text(
        (), "For AWS load balancers before the instances; none with own balancers.", allowed="a list of TargetGroup(…)"
    )
    load_balancer: InstanceOf[NetworkLoadBalancer] | None = text(
        None, "One before the fleet's own balancers.", allowed="NetworkLoadBalancer(…)"
    )
    hooks: InstanceOf[Hooks] = part(Hooks, "The waits at launch and termination.", allowed="Hooks(…)")
    policies: Annotated[tuple[InstanceOf[Policy], ...], AS_TUPLE] = part(
        Policy.defaults,
        "When it grows and shrinks; a list replaces the defaults.",
        allowed="a list of Policy.step(…) and its like",
    )
    schedules: Annotated[tuple[InstanceOf[Schedule], ...], AS_TUPLE] = text(
        (), "Other sizes at known times.", allowed="a list of Schedule(…)"
    )
    warm_pool: InstanceOf[WarmPool] | None = text(None, "Instances that wait.", allowed="WarmPool(…)")
    notifications: InstanceOf[Notifications] | None = text(None, "To an SNS topic.", allowed="Notifications(…)")
    retain_abandoned: bool = switch(
        False,
        "Keep an instance whose drain was abandoned, as Terminating:Retained, to look at it. It is paid for, and not "
        "counted, until you terminate it.",
    )
    breaker: InstanceOf[Breaker] | None = text(None, "Stops launches that keep failing.", allowed="Breaker(…)")
    connections: InstanceOf[Connections] | None = text(
        None, "The database's budget; lint checks it for the largest fleet.", allowed="Connections(…)"
    )
    endpoint: str | None = text(
        None, "Another address of the AWS services, such as the lab's.", pattern=words.ENDPOINT, allowed="a URL"
    )

    @property
    def template_name(self) -> str:
        return self.launch_template or self.name

    @property
    def largest(self) -> int:
        """The most instances it can have: the maximum, or that of a schedule."""
        return max([self.maximum, *(each.maximum for each in self.schedules if each.maximum is not None)])

    @property
    def alarm_prefix(self) -> str:
        """Of the names of its step policies' alarms. No group's name holds a colon, so it begins no other group's."""
        return f"slackwater-{self.name}:"

    conflicts = group_conflicts
