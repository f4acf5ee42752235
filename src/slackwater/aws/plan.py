"""Plan: from what is declared and what AWS holds to the calls between the two. Pure: it has no clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from slackwater.aws.attached import target_group_name
from slackwater.aws.bundle_object import BundleObject, plan_bundle
from slackwater.aws.call import Call
from slackwater.aws.former import former_notes
from slackwater.aws.group import Group, kept_target_groups, plan_group
from slackwater.aws.hooks import plan_hooks
from slackwater.aws.launch_template import plan_launch_template
from slackwater.aws.load_balancer import plan_load_balancer
from slackwater.aws.notifications import plan_notifications
from slackwater.aws.policies import plan_policies, waiting_policies
from slackwater.aws.refresh.found import version_of
from slackwater.aws.schedules import plan_schedules
from slackwater.aws.suspension import plan_suspension, suspension_notes
from slackwater.aws.tags import MANAGED
from slackwater.aws.target_groups import plan_target_groups, target_group_arns
from slackwater.aws.warm_pool import plan_warm_pool
from slackwater.aws.world import World
from slackwater.settings import ScalingGroup
from slackwater.settings.edge import Edge


@dataclass(frozen=True)
class Declared:
    """What a plan is made of besides the world; several parts of the group data are needed for it.

    `user_data` is the text that a new instance starts with, `live` the app's live path, `edge` the balancers'.
    """

    group: ScalingGroup
    user_data: str
    live: str = "/health"
    edge: Edge | None = None
    bundle: BundleObject | None = None


@dataclass(frozen=True)
class Plan:
    """`notes` say what differs and is left alone, and why."""

    group: str
    calls: tuple[Call, ...]
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        number = len(self.calls)
        what = f"{number} call{'' if number == 1 else 's'} to make" if number else "nothing to change"
        return f"{self.group}: {what}"


def plan(declared: Declared, world: World) -> Plan:
    """Raises CloudError when something is in the way that only a person may move."""
    calls = tuple(_calls(declared, world))
    return Plan(declared.group.name, calls, tuple(_notes(declared.group, world)))


def _calls(declared: Declared, world: World) -> Iterator[Call]:
    """Hooks before the group: an instance that a new setting launches meets them."""
    group = declared.group
    if declared.bundle:
        yield from plan_bundle(declared.bundle, world.has_bundle)
    yield from plan_target_groups(group, world.target_groups, live=declared.live)
    yield from plan_load_balancer(group, world.load_balancer, edge=declared.edge)
    calls, version = plan_launch_template(group, world.launch_template, world.image, declared.user_data)
    yield from calls
    if world.group:
        yield from plan_hooks(group, world.hooks, [member.state for member in world.group.members])
    yield from plan_group(group, world.group, _held(world) or version, target_group_arns(group, world.target_groups))
    yield from plan_policies(group, world.policies, world.target_groups)
    yield from plan_schedules(group, world.schedules)
    yield from plan_warm_pool(group, world.warm_pool)
    yield from plan_notifications(group, world.notifications)
    yield from plan_suspension(group, world.group)


def _held(world: World) -> str | None:
    """While a refresh goes on AWS goes back to what the group names: a new version there would leave no way back."""
    return version_of(world.group.settings) if world.group and world.refresh else None


def _notes(group: ScalingGroup, world: World) -> Iterator[str]:
    if version := _held(world):
        yield f"{world.refresh}: until it has ended the group stays at launch template version {version}"
    if world.group:
        yield from _group_notes(group, world.group)
    yield from waiting_policies(group, world.target_groups)
    yield from former_notes(group, world.former)


def _group_notes(group: ScalingGroup, found: Group) -> Iterator[str]:
    if found.desired != group.desired:
        yield (
            f"desired capacity is {found.desired}, declared {group.desired}: "
            "the declaration counts when the group is made, then the autoscaler's word"
        )
    yield from suspension_notes(group, found)
    yield from _size_notes(group, found)
    if foreign := [target_group_name(arn) for arn, owner in found.target_groups.items() if owner != group.name]:
        tag = f"{MANAGED}={group.name}"
        yield f"target group {', '.join(foreign)}: attached by somebody else, left alone (no tag {tag})"
    for arn in kept_target_groups(group, found):
        yield (
            f"target group {target_group_name(arn)}: no longer declared, and stays attached while a load balancer "
            "forwards to it; take it out there, then apply again"
        )
    yield from _version_notes(found)


def _size_notes(group: ScalingGroup, found: Group) -> Iterator[str]:
    for key, declared in (("MinSize", group.minimum), ("MaxSize", group.maximum)):
        moved = found.settings.get(key)
        names = [each.name for each in group.schedules if moved == (each.minimum if key == "MinSize" else each.maximum)]
        if moved != declared and names:
            yield f"{key} is {moved}, declared {declared}: the schedule {' or '.join(names)} has set it"


def _version_notes(found: Group) -> Iterator[str]:
    versions = sorted({member.version or "?" for member in found.members if not member.is_leaving})
    if len(versions) > 1:
        counts = ", ".join(f"{_count(found, version)} of version {version}" for version in versions)
        yield f"instances differ in their launch template: {counts}"


def _count(found: Group, version: str) -> int:
    return sum((member.version or "?") == version for member in found.members if not member.is_leaving)
