"""Delete: everything that belongs to a group, in the order in which nobody loses a request; nothing of others.

The group is emptied first, for ForceDelete skips the lifecycle hooks: instances would go in the middle of their
requests. `force` is for a group that does not empty. https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slackwater.aws.attached import target_group_name
from slackwater.aws.call import Call, Wait
from slackwater.aws.former import delete_former, kept_notes
from slackwater.aws.group import Group, our_surplus
from slackwater.aws.launch_template import LaunchTemplate
from slackwater.aws.load_balancer import FoundLoadBalancer, LoadBalancer
from slackwater.aws.ports import delete_port
from slackwater.aws.tags import MANAGED, refuse_foreign
from slackwater.aws.target_group import FoundTargetGroup
from slackwater.aws.warm_pool import GOING as POOL_GOING
from slackwater.aws.warm_pool import delete_warm_pool, warm_pool_until_gone
from slackwater.aws.world import World
from slackwater.errors import CloudError
from slackwater.settings import ScalingGroup

EMPTYING = 7200
"""Seconds: all instances drain at the same time, and a drain has its own end; one that is protected from scale-in, in
standby or kept after an abandoned drain never goes, and without this limit nobody would be told."""
GOING = 3600
"""Seconds: with ForceDelete AWS still waits for the instances to be terminated."""
REASON = "the group is deleted"
PROTECTED = "prevent-all-deletion"


def plan_delete(group: ScalingGroup, world: World, *, force: bool = False) -> list[Call]:
    """`force` ends the instances at once, without their hooks: requests in flight are lost.

    Raises CloudError when the group or its template is not ours. Run again, it goes on from what is still there.
    """
    return [
        *(_group(group, world, world.group, force) if world.group else ()),
        *(_launch_template(group, world.launch_template) if world.launch_template else ()),
        *(_load_balancer(group, world.load_balancer) if world.load_balancer else ()),
        *_target_groups(group, world),
        *delete_former(world.former, REASON),
    ]


def delete_notes(group: ScalingGroup, world: World) -> list[str]:
    """What stays, and why."""
    return [*_foreign(group, world), *_in_use(group, world), *kept_notes(world.former)]


def _group(group: ScalingGroup, world: World, found: Group, force: bool) -> Iterator[Call]:
    """Schedules and the warm pool go first: they would fill the group again while it is emptied."""
    refuse_foreign(f"Auto Scaling group {group.name}", found.tags, group)
    if not found.is_going:
        _refuse_protected(group, found, force)
        yield from _alarms(world)
        yield from _schedules(group, world)
        yield from () if force else _emptied(group, world, found)
    yield _gone(group, found, force)


def _refuse_protected(group: ScalingGroup, found: Group, force: bool) -> None:
    """Before the first call: AWS would refuse only the last one, when the group is empty."""
    if found.protection == PROTECTED or (force and found.protection != "none"):
        raise CloudError(
            f"{group.name} is protected from deletion ({found.protection}), and nothing was changed. Who is sure takes "
            f"it off: `aws autoscaling update-auto-scaling-group --auto-scaling-group-name {group.name} "
            "--deletion-protection none`"
        )


def _alarms(world: World) -> Iterator[Call]:
    """By their own request: AWS deletes an alarm with the group only if nothing else hangs on it."""
    if world.policies.alarms:
        yield Call("cloudwatch", "delete_alarms", {"AlarmNames": sorted(world.policies.alarms)}, REASON)


def _schedules(group: ScalingGroup, world: World) -> Iterator[Call]:
    for name in world.schedules.actions:
        arguments = {**_named(group), "ScheduledActionName": name}
        yield Call("autoscaling", "delete_scheduled_action", arguments, REASON)


def _emptied(group: ScalingGroup, world: World, found: Group) -> Iterator[Call]:
    if world.warm_pool is not None:
        going = world.warm_pool.get("Status") == POOL_GOING
        yield warm_pool_until_gone(group) if going else delete_warm_pool(group, REASON)
    if "Terminate" in found.suspended:
        arguments = {**_named(group), "ScalingProcesses": ["Terminate"]}
        yield Call("autoscaling", "resume_processes", arguments, "no instance would leave while it is suspended")
    sizes = {"MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0}
    reason = f"DesiredCapacity {found.desired} -> 0: every instance drains"
    yield Call("autoscaling", "update_auto_scaling_group", {**_named(group), **sizes}, reason, wait=_empty(group))


def _empty(group: ScalingGroup) -> Wait:
    described = {"AutoScalingGroupNames": [group.name]}
    states = "to_string(AutoScalingGroups[0].Instances[].LifecycleState || `[]`)"
    return Wait("describe_auto_scaling_groups", described, states, "[]", "instances leave", EMPTYING)


def _gone(group: ScalingGroup, found: Group, force: bool) -> Call:
    described = {"AutoScalingGroupNames": [group.name]}
    gone = "length(AutoScalingGroups)"
    wait = Wait("describe_auto_scaling_groups", described, gone, 0, "the group goes", GOING)
    if found.is_going:
        reason = "it is being deleted already"
        return Call("autoscaling", "describe_auto_scaling_groups", described, reason, wait=wait)
    reason = f"{REASON} by force: its instances skip their hooks" if force else REASON
    again = () if force else ("ResourceInUse", "ScalingActivityInProgress")
    return Call(
        "autoscaling",
        "delete_auto_scaling_group",
        {**_named(group), **({"ForceDelete": True} if force else {})},
        reason,
        wait=wait,
        again=again,
    )


def _launch_template(group: ScalingGroup, found: LaunchTemplate) -> Iterator[Call]:
    refuse_foreign(f"launch template {group.template_name}", found.tags, group)
    yield Call("ec2", "delete_launch_template", {"LaunchTemplateId": found.id}, REASON)


def _load_balancer(group: ScalingGroup, found: FoundLoadBalancer) -> Iterator[Call]:
    """After the group: whoever is still served is served through it."""
    there = found.load_balancer
    if there and _is_ours(group, there):
        off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
        place = {"LoadBalancerArn": there.arn}
        if there.attributes.get("deletion_protection.enabled") == "true":
            yield Call("elbv2", "modify_load_balancer_attributes", {**place, "Attributes": off}, REASON)
        yield Call("elbv2", "delete_load_balancer", place, REASON)
    if there is None or _is_ours(group, there):
        for port, each in found.ports.items():
            # Its listeners went with the load balancer.
            yield from (call for call in delete_port(group, port, each, REASON) if call.method != "delete_listener")


def _target_groups(group: ScalingGroup, world: World) -> Iterator[Call]:
    """Those that a load balancer of somebody else forwards to stay: AWS refuses, and clients come through it."""
    ours = {each.name: each.arn for each in world.target_groups.values() if _is_ours(group, each) and not _used(each)}
    for name, arn in {**{target_group_name(arn): arn for arn in _attached(group, world, used=False)}, **ours}.items():
        again = ("ResourceInUse",)
        yield Call("elbv2", "delete_target_group", {"TargetGroupArn": arn}, f"{name}: {REASON}", again=again)


def _attached(group: ScalingGroup, world: World, *, used: bool) -> list[str]:
    """Of those that were taken out of the declaration, the ones that a load balancer forwards to, or the others."""
    there = world.group
    if there is None:
        return []
    return [arn for arn in our_surplus(group, there) if arn not in there.gone and (arn in there.forwarded) is used]


def _foreign(group: ScalingGroup, world: World) -> Iterator[str]:
    others = [f"target group {each.name}" for each in world.target_groups.values() if not _is_ours(group, each)]
    there = world.load_balancer.load_balancer if world.load_balancer else None
    if there and group.load_balancer and not _is_ours(group, there):
        others.append(f"load balancer {group.load_balancer.name}")
    yield from (f"{each} stays: it has no tag {MANAGED}={group.name}" for each in others)


def _in_use(group: ScalingGroup, world: World) -> Iterator[str]:
    for each in world.target_groups.values():
        if _is_ours(group, each) and _used(each):
            behind = ", ".join(arn.rpartition("loadbalancer/")[2] for arn in each.load_balancers)
            yield f"target group {each.name} stays: {behind} forwards to it; take it out there, then delete again"
    for arn in _attached(group, world, used=True):
        yield f"target group {target_group_name(arn)} stays: a load balancer forwards to it; delete it by hand"


def _is_ours(group: ScalingGroup, found: FoundTargetGroup | LoadBalancer) -> bool:
    return found.tags.get(MANAGED) == group.name


def _used(found: FoundTargetGroup) -> Sequence[str]:
    return found.load_balancers


def _named(group: ScalingGroup) -> dict[str, str]:
    return {"AutoScalingGroupName": group.name}
