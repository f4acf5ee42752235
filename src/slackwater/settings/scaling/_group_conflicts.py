"""What of a scaling group's fields is each right and together wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings.scaling._words import TEMPLATE_NAME, TEMPLATE_NAME_ALLOWED

if TYPE_CHECKING:
    from slackwater.settings.scaling.group import ScalingGroup

# AWS's own limits, by its service quotas and models; 5 of its 50 tags are kept for the group's and the breaker's own.
MOST = {"instance_types": 40, "security_groups": 16, "policies": 50, "schedules": 125, "target_groups": 50, "tags": 45}
LONGEST_SUBNETS = 5000
LONGEST_ALARM = 255
LEAST_LIFETIME = 86400

_S = TypeVar("_S", bound=Settings)


def group_conflicts(group: ScalingGroup) -> Iterator[Fault]:
    for check in (
        _sizes,
        _lists,
        _names,
        _lifetime,
        _termination,
        _volumes,
        _spot,
        _policies,
        _warm_pool,
        _regions,
        _hooks,
    ):
        yield from check(group)


def _sizes(group: ScalingGroup) -> Iterator[Fault]:
    if group.maximum < group.minimum:
        yield group.fault("maximum", f"must be at least minimum ({group.minimum})")
    elif not group.minimum <= group.desired <= group.maximum:
        yield group.fault("desired", f"must be from minimum to maximum ({group.minimum} to {group.maximum})")


def _lists(group: ScalingGroup) -> Iterator[Fault]:
    for field in ("instance_types", "subnets", "security_groups", "groups", "termination_policies", "volumes"):
        if not getattr(group, field):
            yield group.fault(field, "must name at least one")
    for field in ("instance_types", "subnets", "security_groups", "groups", "termination_policies"):
        if _repeated(getattr(group, field)):
            yield group.fault(field, "must name each once")
    for field, most in MOST.items():
        if len(getattr(group, field)) > most:
            yield group.fault(field, f"must be at most {most}")
    if len(",".join(group.subnets)) > LONGEST_SUBNETS:
        yield group.fault("subnets", f"must be at most {LONGEST_SUBNETS} characters together")


def _names(group: ScalingGroup) -> Iterator[Fault]:
    if group.launch_template is None and not re.fullmatch(TEMPLATE_NAME, group.name):
        yield group.fault("launch_template", f"must be given, for the group's name is none: {TEMPLATE_NAME_ALLOWED}")
    for policy in _sound(group.policies):
        if policy.kind == "step" and len(group.alarm_prefix + policy.name) > LONGEST_ALARM:
            yield policy.fault("name", f"must be shorter: with the group's name at most {LONGEST_ALARM} characters")
    for field in ("policies", "schedules", "target_groups"):
        seen: set[str] = set()
        for each in _sound(getattr(group, field)):
            if each.name in seen:
                yield each.fault("name", f"must differ from the other {field.replace('_', ' ')} of the group")
            seen.add(each.name)


def _lifetime(group: ScalingGroup) -> Iterator[Fault]:
    if group.max_lifetime and group.max_lifetime < LEAST_LIFETIME:
        yield group.fault("max_lifetime", f"must be 0, None or at least {LEAST_LIFETIME} seconds, which is a day")


def _termination(group: ScalingGroup) -> Iterator[Fault]:
    first, *rest = group.termination_policies or ("Default",)
    if "Default" in [first, *rest][:-1]:
        yield group.fault("termination_policies", "must have 'Default' last: it always finds one instance")
    if any(word.startswith("arn:") for word in rest):
        yield group.fault("termination_policies", "must have a Lambda function first: AWS takes it nowhere else")


def _volumes(group: ScalingGroup) -> Iterator[Fault]:
    devices = [volume.device for volume in _sound(group.volumes)]
    if _repeated(devices):
        yield group.fault("volumes", "must each have a device of its own; one may have none, and is the root disk")


def _spot(group: ScalingGroup) -> Iterator[Fault]:
    if group.spot and group.spot.is_sound and group.spot.base > group.maximum:
        yield group.spot.fault("base", f"must be at most the group's maximum ({group.maximum})")


def _policies(group: ScalingGroup) -> Iterator[Fault]:
    known = {each.name: each for each in _sound(group.target_groups)}
    for policy in _sound(group.policies):
        if policy.metric.kind != "requests_per_target":
            continue
        target = known.get(policy.metric.target_group or "")
        if target is None and all(each.is_sound for each in group.target_groups):
            names = ", ".join(map(repr, known)) or "none"
            yield policy.metric.fault("target_group", f"must be one of the group's target_groups: {names}")
        elif target is not None and target.protocol == "TCP":
            yield policy.metric.fault("target_group", "must be of HTTP or HTTPS: requests of TCP are not counted")


def _warm_pool(group: ScalingGroup) -> Iterator[Fault]:
    pool = group.warm_pool
    if pool is None or not pool.is_sound:
        return
    if group.spot is not None:
        yield group.fault("warm_pool", "must be None with spot: AWS keeps no spot instance waiting")
    if pool.prepared is not None and pool.prepared < group.minimum:
        yield pool.fault("prepared", f"must be at least the group's minimum ({group.minimum}): it counts both together")
    # Nothing on the instance follows the pool yet: without a boot nobody answers the hook, and AWS takes it out again.
    if pool.state != "Stopped":
        allowed = "must be 'Stopped': it is the boot that answers the launch hook when one is put into service"
        yield pool.fault("state", allowed)
    if pool.reuse_on_scale_in:
        allowed = "must be False: one that comes back has answered the launch hook once, and does so no second time"
        yield pool.fault("reuse_on_scale_in", allowed)


def _regions(group: ScalingGroup) -> Iterator[Fault]:
    notes = group.notifications
    if notes and notes.is_sound and notes.region != group.region:
        yield notes.fault("topic_arn", f"must be a topic of the group's region ({group.region})")


def _hooks(group: ScalingGroup) -> Iterator[Fault]:
    if group.retain_abandoned and group.hooks.is_sound and group.hooks.terminate is None:
        yield group.fault("retain_abandoned", "must go with a terminate hook: nothing else can be abandoned")


def _sound(values: Sequence[_S]) -> list[_S]:
    return [value for value in values if value.is_sound]


def _repeated(values: Sequence[str | None]) -> bool:
    return len(set(values)) < len(values)
