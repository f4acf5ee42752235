"""What a refresh would do: from the group, its template and what was asked to the calls that begin it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from slackwater.aws.call import Call, drift
from slackwater.aws.group import Group, Member, differing_settings, wanted_group
from slackwater.aws.launch_template import LaunchTemplate
from slackwater.aws.refresh.found import version_of
from slackwater.aws.tags import refuse_foreign
from slackwater.errors import CloudError
from slackwater.settings import ScalingGroup

LATER = {
    *("create_or_update_tags", "create_tags", "add_tags"),
    *("put_scaling_policy", "delete_policy", "put_metric_alarm", "delete_alarms"),
    *("put_scheduled_update_group_action", "delete_scheduled_action"),
    *("put_notification_configuration", "delete_notification_configuration"),
    "update_auto_scaling_group",
}
"""Calls of a plan that may wait: without any other, a hook's for one, new instances would not arrive, serve or leave as
declared. What is wanted of the group's own settings is looked at one by one."""
NEEDED = ("Launch", "Terminate", "InstanceRefresh")
"""While one of these is suspended a refresh stands still, and AWS gives it up an hour later."""
LAST = 100
"""A refresh ends at its last checkpoint: without this one it would leave the rest of the instances as they are."""
REFRESH = "refresh"
"""The key under which a plan gives the refresh's id."""


@dataclass(frozen=True)
class Options:
    """Percentages, seconds, names of CloudWatch alarms; `replace_all` replaces instances that are current, too."""

    checkpoints: tuple[int, ...] = ()
    checkpoint_delay: int = 3600
    alarms: tuple[str, ...] = ()
    warm_up: int | None = None
    bake: int | None = None
    replace_all: bool = False


@dataclass(frozen=True)
class Found:
    """The group and its template as AWS holds them."""

    group: Group
    template: LaunchTemplate

    @property
    def wanted(self) -> str:
        return str(self.template.latest)

    @property
    def version(self) -> str | None:
        """What the group itself names: what AWS goes back to."""
        return version_of(self.group.settings)

    @property
    def previous(self) -> str | None:
        return self.before(self.wanted)

    def before(self, target: str | None) -> str | None:
        """What to go back to: what the group names; once that is the target, what most of the others run."""
        if self.version != target:
            return self.version
        others = Counter(one.version for one in self.staying if one.version not in (target, None))
        return others.most_common(1)[0][0] if others else None

    @property
    def staying(self) -> list[Member]:
        return [one for one in self.group.members if not one.is_leaving]

    @property
    def is_current(self) -> bool:
        """The group and every instance of it."""
        return self.version == self.wanted and all(one.version == self.wanted for one in self.staying)


def refuse_unfit(group: ScalingGroup, found: Found, planned: Iterable[Call]) -> None:
    """`planned` is what `slackwater plan` shows. Raises CloudError with what has to be done before."""
    there = found.group
    refuse_foreign(f"Auto Scaling group {group.name}", there.tags, group)
    missing = [f"{call.name}: {call.reason}" for call in planned if call.method not in LATER]
    missing += drift(differing_settings(group, there, found.version or ""), there.settings)
    if missing:
        raise CloudError(
            f"{group.name}: what is declared is not yet in AWS ({'; '.join(missing)}); instances would be replaced by "
            "others than the declared ones. Run `slackwater apply` first"
        )
    if halted := [process for process in NEEDED if process in there.suspended]:
        raise CloudError(
            f"{group.name}: {', '.join(halted)} is suspended, and a refresh would stand still; "
            "`slackwater status` says whether the breaker did it"
        )


def begin(group: ScalingGroup, found: Found, options: Options) -> list[Call]:
    """AWS goes back to what the group names when the refresh begins: so that must be the previous version."""
    calls = []
    if found.previous and found.version != found.previous:
        calls.append(point(group, found, found.previous, "so that AWS itself can go back to it"))
    reason = f"version {found.previous or found.wanted} -> {found.wanted}"
    return [*calls, _start(group, configuration(group, found, found.wanted), preferences(group, options), reason)]


def way_back(group: ScalingGroup, found: Found, version: str) -> Call:
    """A refresh of its own, where AWS cannot go back by itself."""
    maintenance = {**_maintenance(group), "SkipMatching": True}
    return _start(group, configuration(group, found, version), maintenance, f"back to version {version}")


def point(group: ScalingGroup, found: Found, version: str, why: str) -> Call:
    """Makes the group name that version; its instances stay."""
    arguments = {"AutoScalingGroupName": group.name, **configuration(group, found, version)}
    reason = f"launch template version {found.version} -> {version}, {why}"
    return Call("autoscaling", "update_auto_scaling_group", arguments, reason)


def configuration(group: ScalingGroup, found: Found, version: str) -> dict[str, Any]:
    """By number: AWS cannot go back to or from a version that moves."""
    wanted = wanted_group(group, version)
    specification = {"LaunchTemplateId": found.template.id, "Version": version}
    if "LaunchTemplate" in wanted:
        return {"LaunchTemplate": specification}
    mixed = wanted["MixedInstancesPolicy"]
    template = {**mixed["LaunchTemplate"], "LaunchTemplateSpecification": specification}
    return {"MixedInstancesPolicy": {**mixed, "LaunchTemplate": template}}


def preferences(group: ScalingGroup, options: Options) -> dict[str, Any]:
    """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html"""
    points = sorted({*options.checkpoints, LAST}) if options.checkpoints else []
    told = {
        **_maintenance(group),
        "InstanceWarmup": group.warm_up if options.warm_up is None else options.warm_up,
        "AutoRollback": True,
        "SkipMatching": not options.replace_all,
        "CheckpointPercentages": points or None,
        "CheckpointDelay": options.checkpoint_delay if points else None,
        "AlarmSpecification": {"Alarms": list(options.alarms)} if options.alarms else None,
        "BakeTime": options.bake,
    }
    return {key: value for key, value in told.items() if value is not None}


def _maintenance(group: ScalingGroup) -> dict[str, Any]:
    if group.maintenance is None:
        return {}
    low, high = group.maintenance.minimum_healthy, group.maintenance.maximum_healthy
    return {"MinHealthyPercentage": low, "MaxHealthyPercentage": high}


def _start(group: ScalingGroup, desired: Mapping[str, Any], preferences: Mapping[str, Any], reason: str) -> Call:
    arguments = {
        "AutoScalingGroupName": group.name,
        "Strategy": "Rolling",
        "DesiredConfiguration": desired,
        "Preferences": preferences,
    }
    return Call("autoscaling", "start_instance_refresh", arguments, reason, {REFRESH: "InstanceRefreshId"})
