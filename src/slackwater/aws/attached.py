"""The target groups that a group is attached to: whose they are, which are in use, and which are gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slackwater.aws.clients import Clients
from slackwater.aws.tags import MANAGED
from slackwater.aws.target_group import observe_tags
from slackwater.errors import CloudError
from slackwater.settings import ScalingGroup

GONE = "TargetGroupNotFound"


@dataclass(frozen=True)
class Attached:
    """By ARN; `owners` are names of groups, of their tag, or nothing. One that is gone is nobody else's."""

    owners: Mapping[str, str] = field(default_factory=dict)
    forwarded: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()


def observe_attached(clients: Clients, group: ScalingGroup, arns: Sequence[str]) -> Attached:
    """Only of those that are not declared it must be asked whose they are."""
    if not arns:
        return Attached()
    found = _described(clients, arns)
    declared = {target_group.name for target_group in group.target_groups}
    return Attached(
        {
            arn: _owner(clients, group, arn, is_ours=arn not in found or target_group_name(arn) in declared)
            for arn in arns
        },
        frozenset(arn for arn, load_balancers in found.items() if load_balancers),
        frozenset(arns) - set(found),
    )


def target_group_name(arn: str) -> str:
    """arn:…:targetgroup/<name>/<id>"""
    return arn.split("/")[-2]


def _owner(clients: Clients, group: ScalingGroup, arn: str, *, is_ours: bool) -> str:
    return group.name if is_ours else observe_tags(clients, arn).get(MANAGED, "")


def _described(clients: Clients, arns: Sequence[str]) -> dict[str, Sequence[str]]:
    """Their load balancers; one that is gone fails the request for all, and so each is then asked for alone."""
    try:
        found = clients.pages("elbv2", "describe_target_groups", "TargetGroups", TargetGroupArns=list(arns))
    except CloudError as error:
        if error.code != GONE:
            raise
        return {} if len(arns) == 1 else {key: each for arn in arns for key, each in _described(clients, [arn]).items()}
    return {each["TargetGroupArn"]: each.get("LoadBalancerArns", ()) for each in found}
