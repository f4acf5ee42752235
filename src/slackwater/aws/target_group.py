"""One target group of any load balancer: what is wanted of it, what was found, and the calls between the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slackwater.aws.call import Call, Ref, drift
from slackwater.aws.clients import Clients, code
from slackwater.aws.tags import as_dict, as_list, own_tags, refuse_foreign
from slackwater.errors import CloudError
from slackwater.settings import ScalingGroup

IMMUTABLE = ("Protocol", "Port", "VpcId", "TargetType")
HEALTH_CHECK = (
    "HealthCheckProtocol",
    "HealthCheckPort",
    "HealthCheckPath",
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
    "Matcher",
)


@dataclass(frozen=True)
class WantedTargetGroup:
    """`settings` are the arguments of CreateTargetGroup without its name and tags."""

    name: str
    settings: Mapping[str, Any]
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class FoundTargetGroup:
    """Only what a plan may look at: what AWS adds besides would make a saved plan stale."""

    name: str
    arn: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    load_balancers: tuple[str, ...] = ()


def key(name: str) -> str:
    """Of the `Ref` to the ARN of one that an earlier call of the plan makes."""
    return f"target_group.{name}"


def arn(name: str, found: FoundTargetGroup | None) -> str | Ref:
    return found.arn if found else Ref(key(name))


def observe_target_group(clients: Clients, name: str) -> FoundTargetGroup | None:
    """By exact name; None where there is none."""
    try:
        found = clients.ask("elbv2", "describe_target_groups", Names=[name])["TargetGroups"][0]
    except CloudError as error:
        if code(error) == "TargetGroupNotFound":
            return None
        raise
    place = {"TargetGroupArn": found["TargetGroupArn"]}
    attributes = clients.ask("elbv2", "describe_target_group_attributes", **place)["Attributes"]
    return FoundTargetGroup(
        name,
        found["TargetGroupArn"],
        {each: found[each] for each in (*IMMUTABLE, *HEALTH_CHECK) if each in found},
        as_dict(attributes),
        observe_tags(clients, found["TargetGroupArn"]),
        tuple(found.get("LoadBalancerArns", ())),
    )


def observe_tags(clients: Clients, resource: str) -> dict[str, str]:
    """Of one target group or load balancer."""
    described = clients.ask("elbv2", "describe_tags", ResourceArns=[resource])["TagDescriptions"]
    return as_dict(tag for each in described for tag in each["Tags"])


def plan_target_group(group: ScalingGroup, wanted: WantedTargetGroup, found: FoundTargetGroup | None) -> list[Call]:
    if found is None:
        return [_create(group, wanted), *_attributes(wanted, None)]
    refuse_foreign(f"target group {wanted.name}", found.tags, group)
    _refuse_replacement(wanted, found)
    return [
        *_health_check(wanted, found),
        *_attributes(wanted, found),
        *plan_tags(found.arn, own_tags(group), found.tags),
    ]


def _create(group: ScalingGroup, wanted: WantedTargetGroup) -> Call:
    arguments = {"Name": wanted.name, **wanted.settings, "Tags": as_list(own_tags(group))}
    gives = {key(wanted.name): "TargetGroups[0].TargetGroupArn"}
    return Call("elbv2", "create_target_group", arguments, "new", gives)


def _refuse_replacement(wanted: WantedTargetGroup, found: FoundTargetGroup) -> None:
    """Another one under the same name would take the targets from under the load balancer's listeners."""
    fixed = {each: wanted.settings[each] for each in IMMUTABLE if each in wanted.settings}
    if changes := drift(fixed, found.settings):
        raise CloudError(
            f"target group {wanted.name}: {'; '.join(changes)}: AWS cannot change that of one that exists. Declare a "
            "target group of another name beside it, apply, point the load balancer's listeners to it, and then take "
            "this one out"
        )


def _health_check(wanted: WantedTargetGroup, found: FoundTargetGroup) -> list[Call]:
    check = {each: wanted.settings[each] for each in HEALTH_CHECK if each in wanted.settings}
    changes = drift(check, found.settings)
    arguments = {"TargetGroupArn": found.arn, **check}
    return [Call("elbv2", "modify_target_group", arguments, "; ".join(changes))] if changes else []


def _attributes(wanted: WantedTargetGroup, found: FoundTargetGroup | None) -> list[Call]:
    """Only those that differ: one that this kind of target group does not know fails the whole request."""
    there = found.attributes if found else {}
    differing = {each: value for each, value in wanted.attributes.items() if there.get(each) != value}
    if not differing:
        return []
    reason = "; ".join(drift(differing, there)) if found else "new"
    arguments = {"TargetGroupArn": arn(wanted.name, found), "Attributes": as_list(differing)}
    return [Call("elbv2", "modify_target_group_attributes", arguments, reason)]


def plan_tags(resource: str, wanted: Mapping[str, str], found: Mapping[str, str]) -> list[Call]:
    """Tags of others, such as a cost centre's, stay."""
    differing = {each: value for each, value in wanted.items() if found.get(each) != value}
    reasons = [f"tag {text}" for text in drift(differing, found)]
    arguments = {"ResourceArns": [resource], "Tags": as_list(differing)}
    return [Call("elbv2", "add_tags", arguments, "; ".join(reasons))] if differing else []
