"""The target groups that the scaling group registers its instances in, for an AWS load balancer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slackwater.aws.call import Call, Ref
from slackwater.aws.clients import Clients
from slackwater.aws.target_group import (
    FoundTargetGroup,
    WantedTargetGroup,
    arn,
    observe_target_group,
    plan_target_group,
)
from slackwater.settings import ScalingGroup, TargetGroup


def wanted_target_group(declared: TargetGroup, live: str) -> WantedTargetGroup:
    """`live` is the app's live path: never one that asks a dependency, or all hosts would go when the database does."""
    return WantedTargetGroup(declared.name, _settings(declared, live), _attributes(declared))


def _settings(declared: TargetGroup, live: str) -> dict[str, Any]:
    return {
        "Protocol": declared.protocol,
        "Port": declared.port,
        "VpcId": declared.vpc,
        "TargetType": "instance",
        "HealthCheckProtocol": "HTTPS" if declared.protocol == "HTTPS" else "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckPath": declared.health_path or live,
        "HealthCheckIntervalSeconds": declared.health_interval,
        "HealthCheckTimeoutSeconds": declared.health_timeout,
        "HealthyThresholdCount": declared.rise,
        "UnhealthyThresholdCount": declared.fall,
        "Matcher": {"HttpCode": "200"},
    }


def _attributes(declared: TargetGroup) -> dict[str, str]:
    """AWS knows slow start and cookies for HTTP only."""
    common = {
        "deregistration_delay.timeout_seconds": str(declared.deregistration_delay),
        "stickiness.enabled": "false" if declared.stickiness is None else "true",
    }
    if declared.protocol == "TCP":
        return common
    return {**common, "slow_start.duration_seconds": str(declared.slow_start), **_cookie(declared.stickiness)}


def _cookie(seconds: int | None) -> dict[str, str]:
    if seconds is None:
        return {}
    return {"stickiness.type": "lb_cookie", "stickiness.lb_cookie.duration_seconds": str(seconds)}


def observe_target_groups(clients: Clients, group: ScalingGroup) -> dict[str, FoundTargetGroup]:
    """By name; without those that are not there."""
    found = {declared.name: observe_target_group(clients, declared.name) for declared in group.target_groups}
    return {name: each for name, each in found.items() if each}


def plan_target_groups(group: ScalingGroup, found: Mapping[str, FoundTargetGroup], *, live: str) -> list[Call]:
    """`live` is App.health.live, for the target groups that name no health path of their own."""
    return [
        call
        for declared in group.target_groups
        for call in plan_target_group(group, wanted_target_group(declared, live), found.get(declared.name))
    ]


def target_group_arns(group: ScalingGroup, found: Mapping[str, FoundTargetGroup]) -> list[str | Ref]:
    """What the group is attached to, in the order of the declaration; references to those that the plan makes."""
    return [arn(declared.name, found.get(declared.name)) for declared in group.target_groups]
