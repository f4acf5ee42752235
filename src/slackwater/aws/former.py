"""Former load balancers and target groups: ours by their tag, and declared no longer.

A plan never takes them away: clients' DNS may still point to them. `slackwater delete --former` does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from slackwater.aws.attached import target_group_name
from slackwater.aws.call import Call
from slackwater.aws.clients import Clients, code
from slackwater.aws.tags import MANAGED
from slackwater.errors import CloudError
from slackwater.settings import ScalingGroup

KINDS = ("elasticloadbalancing:loadbalancer", "elasticloadbalancing:targetgroup")
PAGE = 100
"""The most that AWS puts into one:
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html"""
REASON = "no longer declared"


@dataclass(frozen=True)
class FormerLoadBalancer:
    arn: str
    name: str
    address: str


@dataclass(frozen=True)
class FormerTargetGroup:
    """`load_balancers` are the ARNs of those that forward to it."""

    arn: str
    load_balancers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return target_group_name(self.arn)


@dataclass(frozen=True)
class Former:
    load_balancers: tuple[FormerLoadBalancer, ...] = ()
    target_groups: tuple[FormerTargetGroup, ...] = ()

    def others(self, target_group: FormerTargetGroup) -> list[str]:
        """Load balancers that forward to it and are not former ones of ours, as their ARNs name them."""
        ours = {each.arn for each in self.load_balancers}
        return [arn.rpartition("loadbalancer/")[2] for arn in target_group.load_balancers if arn not in ours]


def observe_former(clients: Clients, group: ScalingGroup, known: Collection[str]) -> Former:
    """`known` are the ARNs of those that are declared or attached. One request where there are no others.

    Asked by the tag, for the names are in no declaration any more. AWS keeps that list beside the resources, and what
    was deleted is in it for a while: each is asked for.
    """
    mark = [{"Key": MANAGED, "Values": [group.name]}]
    asked = {"TagFilters": mark, "ResourceTypeFilters": list(KINDS), "ResourcesPerPage": PAGE}
    found = clients.pages("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", **asked)
    arns = sorted({each["ResourceARN"] for each in found} - set(known))
    load_balancers = [_load_balancer(clients, arn) for arn in arns if ":loadbalancer/" in arn]
    target_groups = [_target_group(clients, arn) for arn in arns if ":targetgroup/" in arn]
    return Former(
        tuple(each for each in load_balancers if each),
        tuple(each for each in target_groups if each),
    )


def _load_balancer(clients: Clients, arn: str) -> FormerLoadBalancer | None:
    """We make Network Load Balancers alone: one of another kind was given our tag by somebody."""
    found = _one(clients, "describe_load_balancers", "LoadBalancers", "LoadBalancerNotFound", LoadBalancerArns=[arn])
    if found is None or found.get("Type") != "network":
        return None
    return FormerLoadBalancer(arn, found["LoadBalancerName"], found["DNSName"])


def _target_group(clients: Clients, arn: str) -> FormerTargetGroup | None:
    found = _one(clients, "describe_target_groups", "TargetGroups", "TargetGroupNotFound", TargetGroupArns=[arn])
    return FormerTargetGroup(arn, tuple(found.get("LoadBalancerArns", ()))) if found else None


def _one(clients: Clients, method: str, key: str, gone: str, **asked: Any) -> dict[str, Any] | None:
    try:
        found: list[dict[str, Any]] = clients.ask("elbv2", method, **asked)[key]
    except CloudError as error:
        if code(error) != gone:
            raise
        return None
    return found[0] if found else None


def former_notes(group: ScalingGroup, former: Former) -> Iterator[str]:
    """What stays, what it is still good for, and how it is taken away."""
    command = f"`slackwater delete INVENTORY {group.name} --former`"
    for each in former.load_balancers:
        yield (
            f"load balancer {each.name}: {REASON}, and left alone: clients may still come through {each.address}, and "
            f"it costs money. Once nobody does, {command} takes it away with its listeners and target groups"
        )
    for target_group in former.target_groups:
        if not target_group.load_balancers:
            yield f"target group {target_group.name}: {REASON}, and left alone; {command} takes it away"
    yield from kept_notes(former)


def kept_notes(former: Former) -> Iterator[str]:
    """What not even a deletion takes away."""
    for each in former.target_groups:
        if behind := former.others(each):
            yield (
                f"target group {each.name}: {REASON}, and stays while {', '.join(behind)} forwards to it; "
                "take it out there first"
            )


def delete_former(former: Former, reason: str = REASON) -> Iterator[Call]:
    """A load balancer's listeners go with it; its target groups after it."""
    off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
    for each in former.load_balancers:
        place, why = {"LoadBalancerArn": each.arn}, f"{each.name}: {reason}"
        yield Call("elbv2", "modify_load_balancer_attributes", {**place, "Attributes": off}, why)
        yield Call("elbv2", "delete_load_balancer", place, why)
    for target_group in former.target_groups:
        if not former.others(target_group):
            arguments, why = {"TargetGroupArn": target_group.arn}, f"{target_group.name}: {reason}"
            # For some seconds AWS still takes it for one that a listener forwards to.
            yield Call("elbv2", "delete_target_group", arguments, why, again=("ResourceInUse",))
