"""World: what AWS holds of one group. Reads only; what depends on the group is asked only when there is one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from slackwater.aws.bundle_object import BundleObject, observe_bundle
from slackwater.aws.clients import Clients
from slackwater.aws.former import Former, observe_former
from slackwater.aws.group import Group, observe_group
from slackwater.aws.hooks import Hooks, observe_hooks
from slackwater.aws.image import UNSEEN, FoundImage, observe_image
from slackwater.aws.launch_template import LaunchTemplate, observe_launch_template
from slackwater.aws.load_balancer import FoundLoadBalancer, observe_load_balancer
from slackwater.aws.notifications import observe_notifications
from slackwater.aws.policies import Policies, observe_policies
from slackwater.aws.refresh.found import Refresh, observe_active, version_of
from slackwater.aws.schedules import Schedules, observe_schedules
from slackwater.aws.target_group import FoundTargetGroup
from slackwater.aws.target_groups import observe_target_groups
from slackwater.aws.warm_pool import observe_warm_pool
from slackwater.settings import ScalingGroup


def _no_schedules() -> Schedules:
    return Schedules({}, datetime.now(UTC))


@dataclass(frozen=True)
class World:
    """What one look has found; `image` is what the declared one stands for now, `refresh` one that goes on."""

    image: FoundImage
    launch_template: LaunchTemplate | None
    group: Group | None
    has_bundle: bool
    refresh: Refresh | None = None
    target_groups: Mapping[str, FoundTargetGroup] = field(default_factory=dict)
    load_balancer: FoundLoadBalancer | None = None
    former: Former = field(default_factory=Former)
    hooks: Hooks = field(default_factory=dict)
    policies: Policies = field(default_factory=Policies)
    schedules: Schedules = field(default_factory=_no_schedules)
    warm_pool: Mapping[str, Any] | None = None
    notifications: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def fingerprints(self) -> dict[str, str]:
        """One word for each part: two looks that would make the same plan have the same."""
        return {part.name: _fingerprint(getattr(self, part.name)) for part in fields(self)}

    def differences(self, fingerprints: Mapping[str, str]) -> list[str]:
        """The parts that are others than those of an earlier look."""
        now = self.fingerprints()
        return [name.replace("_", " ") for name, word in now.items() if fingerprints.get(name) != word]


def observe(clients: Clients, group: ScalingGroup, bundle: BundleObject | None, *, with_image: bool = True) -> World:
    """Without the image for a deletion, which must not fail because a parameter is gone that nobody needs any more."""
    there, template = observe_group(clients, group), observe_launch_template(clients, group)
    target_groups, load_balancer = observe_target_groups(clients, group), observe_load_balancer(clients, group)
    return World(
        image=observe_image(clients, group.image) if with_image else UNSEEN,
        launch_template=template,
        group=there,
        has_bundle=bundle is None or observe_bundle(clients, bundle),
        refresh=_observe_refresh(clients, group, there, template),
        target_groups=target_groups,
        load_balancer=load_balancer,
        former=observe_former(clients, group, _known(there, target_groups, load_balancer)),
        **(_of_the_group(clients, group) if there else {}),
    )


def _known(
    there: Group | None, target_groups: Mapping[str, FoundTargetGroup], load_balancer: FoundLoadBalancer | None
) -> set[str]:
    """ARNs of what is declared, or attached: their own parts of the plan speak of them."""
    declared = {each.arn for each in target_groups.values()}
    return declared | set(there.target_groups if there else ()) | (load_balancer.arns if load_balancer else set())


def _observe_refresh(
    clients: Clients, group: ScalingGroup, there: Group | None, template: LaunchTemplate | None
) -> Refresh | None:
    """Asked for only where the group, or an instance, is of another version than the newest."""
    if there is None or template is None:
        return None
    versions = {version_of(there.settings), *(member.version for member in there.members)}
    return None if versions == {str(template.latest)} else observe_active(clients, group.name)


def _of_the_group(clients: Clients, group: ScalingGroup) -> dict[str, Any]:
    """AWS answers these with an error, or with somebody else's, where there is no such group."""
    return {
        "hooks": observe_hooks(clients, group),
        "policies": observe_policies(clients, group),
        "schedules": observe_schedules(clients, group),
        "warm_pool": observe_warm_pool(clients, group),
        "notifications": observe_notifications(clients, group),
    }


def _fingerprint(part: Any) -> str:
    return hashlib.sha256(json.dumps(_plain(part), sort_keys=True, default=str).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    """What is compared of it, in an order that does not change."""
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value) if part.compare}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return sorted(value) if isinstance(value, set | frozenset) else value
