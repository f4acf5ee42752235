"""The Auto Scaling group: made in one call with its hooks, tags and target groups; later only what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slackwater.aws.attached import observe_attached, target_group_name
from slackwater.aws.call import Call, Ref, drift
from slackwater.aws.clients import Clients
from slackwater.aws.hooks import wanted_hooks
from slackwater.aws.tags import GROUPS, as_dict, own_tags, refuse_foreign
from slackwater.errors import CloudError
from slackwater.settings import ScalingGroup

NO_MAINTENANCE = {"MinHealthyPercentage": -1, "MaxHealthyPercentage": -1}
"""What AWS takes for "none", and what a group without a policy is read as."""
DEFAULTS: dict[str, Any] = {
    "CapacityRebalance": False,
    "DefaultInstanceWarmup": -1,
    "HealthCheckGracePeriod": 0,
    "InstanceLifecyclePolicy": {"RetentionTriggers": {"TerminateHookAbandon": "terminate"}},
    "InstanceMaintenancePolicy": NO_MAINTENANCE,
    "MaxInstanceLifetime": 0,
}
"""AWS leaves out what was never set."""
COMPARED = (
    *("MinSize", "MaxSize", "VPCZoneIdentifier", "HealthCheckType", "TerminationPolicies"),
    *("LaunchTemplate", "MixedInstancesPolicy", *DEFAULTS),
)
NO_MORE = "no longer declared"

Version = str | Ref
"""The number of a launch template's version, or where an earlier call gives it."""


@dataclass(frozen=True)
class Member:
    """One instance of the group."""

    id: str
    state: str
    version: str | None

    @property
    def is_leaving(self) -> bool:
        """It is replaced already, or nobody's any more: one kept after a drain that was given up stays so for days."""
        return self.state.startswith(("Terminat", "Detach"))


@dataclass(frozen=True)
class Group:
    """`settings` in the words of UpdateAutoScalingGroup; what the autoscaler and operators move is not compared."""

    settings: Mapping[str, Any]
    tags: Mapping[str, str]
    propagated: frozenset[str]
    target_groups: Mapping[str, str]
    """By ARN, whose it is: the group's name in its tag, or nothing."""
    forwarded: frozenset[str] = frozenset()
    """Those of them that a load balancer forwards to."""
    gone: frozenset[str] = frozenset()
    """Those of them that were deleted: AWS keeps their names for ever."""
    is_going: bool = False
    protection: str = "none"
    """From deletion, in AWS's words."""
    desired: int = field(default=0, compare=False)
    suspended: tuple[str, ...] = field(default=(), compare=False)
    members: tuple[Member, ...] = field(default=(), compare=False)


def wanted_group(group: ScalingGroup, version: Version) -> dict[str, Any]:
    """What a group is made of and held at: the arguments that CreateAutoScalingGroup and Update… share."""
    maintenance = group.maintenance and {
        "MinHealthyPercentage": group.maintenance.minimum_healthy,
        "MaxHealthyPercentage": group.maintenance.maximum_healthy,
    }
    abandoned = "retain" if group.retain_abandoned else "terminate"
    return {
        "MinSize": group.minimum,
        "MaxSize": group.maximum,
        "VPCZoneIdentifier": ",".join(sorted(group.subnets)),
        "HealthCheckType": group.health.kind,
        "HealthCheckGracePeriod": group.health.grace,
        "DefaultInstanceWarmup": group.warm_up,
        "InstanceMaintenancePolicy": maintenance or NO_MAINTENANCE,
        "MaxInstanceLifetime": group.max_lifetime or 0,
        "CapacityRebalance": group.capacity_rebalance,
        "TerminationPolicies": list(group.termination_policies),
        "InstanceLifecyclePolicy": {"RetentionTriggers": {"TerminateHookAbandon": abandoned}},
        **_template(group, {"LaunchTemplateName": group.template_name, "Version": version}),
    }


def wanted_tags(group: ScalingGroup) -> dict[str, str]:
    """AWS hands them to every instance, whose name is the group's unless told otherwise."""
    return {"Name": group.name, GROUPS: " ".join(group.groups), **own_tags(group)}


def observe_group(clients: Clients, group: ScalingGroup) -> Group | None:
    """By exact name: others that begin alike are never seen."""
    names = {"AutoScalingGroupNames": [group.name]}
    for found in clients.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", **names):
        attached = observe_attached(clients, group, found.get("TargetGroupARNs", []))
        return Group(
            settings=_settings(found),
            tags=as_dict(found.get("Tags", [])),
            propagated=frozenset(tag["Key"] for tag in found.get("Tags", []) if tag.get("PropagateAtLaunch")),
            target_groups=attached.owners,
            forwarded=attached.forwarded,
            gone=attached.gone,
            is_going="Delete" in found.get("Status", ""),
            protection=found.get("DeletionProtection") or "none",
            desired=found["DesiredCapacity"],
            suspended=tuple(sorted(process["ProcessName"] for process in found.get("SuspendedProcesses", []))),
            members=tuple(_member(instance) for instance in found.get("Instances", [])),
        )
    return None


def plan_group(
    group: ScalingGroup, found: Group | None, version: Version, target_groups: Sequence[Version]
) -> list[Call]:
    """`target_groups` are the ARNs of the declared ones in their order, or references to them."""
    if found is None:
        return [_create(group, version, target_groups)]
    refuse_foreign(f"Auto Scaling group {group.name}", found.tags, group)
    if found.is_going:
        raise CloudError(
            f"Auto Scaling group {group.name} is being deleted: wait until it is gone, then run this again"
        )
    return [*_update(group, found, version), *_tag(group, found), *_traffic(group, found, target_groups)]


def _create(group: ScalingGroup, version: Version, target_groups: Sequence[Version]) -> Call:
    arguments = {
        "AutoScalingGroupName": group.name,
        **{key: value for key, value in wanted_group(group, version).items() if DEFAULTS.get(key) != value},
        "DesiredCapacity": group.desired,
        "LifecycleHookSpecificationList": wanted_hooks(group),
        "TargetGroupARNs": target_groups,
        "Tags": _tag_list(group, wanted_tags(group)),
    }
    given = {key: value for key, value in arguments.items() if value != []}
    # Auto Scaling hears of a template or an instance profile some seconds after EC2 and IAM have said that it is there.
    again = ("ValidationError: launch template", "ValidationError: instance profile")
    return Call("autoscaling", "create_auto_scaling_group", given, "new", again=again)


def _update(group: ScalingGroup, found: Group, version: Version) -> list[Call]:
    differing = differing_settings(group, found, version)
    if not differing:
        return []
    arguments = {"AutoScalingGroupName": group.name, **differing}
    reason = "; ".join(drift(differing, found.settings))
    again = ("ValidationError: launch template",)
    return [Call("autoscaling", "update_auto_scaling_group", arguments, reason, again=again)]


def differing_settings(group: ScalingGroup, found: Group, version: Version) -> dict[str, Any]:
    """What UpdateAutoScalingGroup would be told."""
    wanted = {key: value for key, value in wanted_group(group, version).items() if not _is_scheduled(group, found, key)}
    return {key: value for key, value in wanted.items() if drift({key: value}, found.settings)}


def _is_scheduled(group: ScalingGroup, found: Group, key: str) -> bool:
    """A schedule moves these two: a plan that put them back would end the night shift in the evening."""
    sizes = {
        "MinSize": {schedule.minimum for schedule in group.schedules},
        "MaxSize": {schedule.maximum for schedule in group.schedules},
    }
    return key in sizes and found.settings.get(key) in sizes[key]


def _tag(group: ScalingGroup, found: Group) -> list[Call]:
    """Tags that others gave the group stay."""
    wanted = wanted_tags(group)
    differing = {
        key: value for key, value in wanted.items() if found.tags.get(key) != value or key not in found.propagated
    }
    if not differing:
        return []
    reason = "; ".join(_tag_reasons(differing, found))
    return [Call("autoscaling", "create_or_update_tags", {"Tags": _tag_list(group, differing)}, reason)]


def _tag_reasons(differing: Mapping[str, str], found: Group) -> Iterator[str]:
    for key, value in differing.items():
        changes = drift({f"tag {key}": value}, {f"tag {key}": found.tags.get(key)})
        yield from changes or [f"tag {key} does not come to new instances"]


def _traffic(group: ScalingGroup, found: Group, wanted: Sequence[Version]) -> Iterator[Call]:
    """One that others attached stays; a note says so."""
    place = {"AutoScalingGroupName": group.name}
    named = zip(group.target_groups, wanted, strict=True)
    missing = {declared.name: arn for declared, arn in named if arn not in found.target_groups}
    surplus = [arn for arn in our_surplus(group, found) if arn not in found.forwarded]
    if missing:
        arguments = place | {"TargetGroupARNs": list(missing.values())}
        reason = f"target group {', '.join(missing)}: not attached"
        yield Call("autoscaling", "attach_load_balancer_target_groups", arguments, reason)
    if surplus:
        told = [f"{target_group_name(arn)}: {'deleted' if arn in found.gone else NO_MORE}" for arn in surplus]
        reason = f"target group {', '.join(told)}"
        yield Call("autoscaling", "detach_load_balancer_target_groups", place | {"TargetGroupARNs": surplus}, reason)


def our_surplus(group: ScalingGroup, found: Group) -> list[str]:
    """Attached target groups that were made for this group and are declared no longer, or that do not exist any more.

    One made anew has its former one's name, but another ARN.
    """
    declared = {target_group.name for target_group in group.target_groups}
    return [
        arn
        for arn, owner in found.target_groups.items()
        if arn in found.gone or (owner == group.name and target_group_name(arn) not in declared)
    ]


def kept_target_groups(group: ScalingGroup, found: Group) -> list[str]:
    """Surplus ones that stay attached: whoever comes through a listener to one would find nobody."""
    return [arn for arn in our_surplus(group, found) if arn in found.forwarded]


def _template(group: ScalingGroup, specification: dict[str, Any]) -> dict[str, Any]:
    """One type and no spot needs no more than the template itself."""
    if group.spot is None and len(group.instance_types) == 1:
        return {"LaunchTemplate": specification}
    template = {
        "LaunchTemplateSpecification": specification,
        "Overrides": [{"InstanceType": instance_type} for instance_type in group.instance_types],
    }
    return {"MixedInstancesPolicy": {"LaunchTemplate": template, "InstancesDistribution": _distribution(group)}}


def _distribution(group: ScalingGroup) -> dict[str, Any]:
    spot = group.spot
    if spot is None:
        return {
            "OnDemandAllocationStrategy": "prioritized",
            "OnDemandBaseCapacity": 0,
            "OnDemandPercentageAboveBaseCapacity": 100,
        }
    return {
        "OnDemandAllocationStrategy": spot.on_demand_allocation,
        "OnDemandBaseCapacity": spot.base,
        "OnDemandPercentageAboveBaseCapacity": 100 - spot.share,
        "SpotAllocationStrategy": spot.allocation,
    }


def _settings(found: Mapping[str, Any]) -> dict[str, Any]:
    settings = {**DEFAULTS, **{key: found[key] for key in COMPARED if found.get(key) is not None}}
    settings["VPCZoneIdentifier"] = ",".join(sorted(found.get("VPCZoneIdentifier", "").split(",")))
    return settings


def _member(instance: Mapping[str, Any]) -> Member:
    version = instance.get("LaunchTemplate", {}).get("Version")
    return Member(instance["InstanceId"], instance["LifecycleState"], version)


def _tag_list(group: ScalingGroup, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    place = {"ResourceId": group.name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": True}
    return [{**place, "Key": key, "Value": tags[key]} for key in sorted(tags)]
