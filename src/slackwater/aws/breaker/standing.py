"""What `slackwater status` says of a group's launches: nothing while they are free."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from slackwater.agents.breaker.look import look
from slackwater.agents.breaker.watch import Seen, failures, standing
from slackwater.aws.breaker import watch_of
from slackwater.settings import ScalingGroup


def standings(hosts: Iterable[Any]) -> list[Seen]:
    """Of pyinfra's hosts, those with a group that has a breaker; reads AWS, and changes nothing."""
    groups = {group.name: group for group in map(_group, hosts) if group and group.breaker}
    return [_standing(group) for group in groups.values()]


def _group(host: Any) -> ScalingGroup | None:
    found = host.data.get("scaling_group") if "cloud" in host.groups else None
    return found if isinstance(found, ScalingGroup) else None


def _standing(group: ScalingGroup) -> Seen:
    watch, now = watch_of(group, lambda _: None), datetime.now(UTC)
    try:
        return standing(watch.rules, look(watch.client(), group.name, now), now)
    except failures() as error:
        return watch.unknown(str(error) or type(error).__name__)
