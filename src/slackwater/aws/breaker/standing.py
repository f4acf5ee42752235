"""What `slackwater status` says of a group's processes: nothing while none is suspended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from slackwater.agents.breaker.look import LookError, aws_client, look, look_at_group
from slackwater.agents.breaker.mark import stamp
from slackwater.agents.breaker.policy import PROCESS, Rules
from slackwater.agents.breaker.watch import UNKNOWN, Seen, failures, standing
from slackwater.aws.breaker import watch_of
from slackwater.settings import ScalingGroup


def standings(hosts: Iterable[Any]) -> list[Seen]:
    """Of pyinfra's hosts, those with a group; reads AWS, and changes nothing.

    A group without a breaker is there only when something of it is suspended, or cannot be read.
    """
    groups = {group.name: group for group in map(_group, hosts) if group}
    found = [_watched(group) if group.breaker else _unwatched(group) for group in groups.values()]
    return [each for each in found if each]


def _group(host: Any) -> ScalingGroup | None:
    found = host.data.get("scaling_group") if "cloud" in host.groups else None
    return found if isinstance(found, ScalingGroup) else None


def _watched(group: ScalingGroup) -> Seen:
    watch, now = watch_of(group, lambda _: None), datetime.now(UTC)
    try:
        return standing(watch.rules, look(watch.client(), group.name, now), now)
    except failures() as error:
        return watch.unknown(str(error) or type(error).__name__)


def _unwatched(group: ScalingGroup) -> Seen | None:
    """How its launches went decides nothing and is not asked; of a group that is not made yet nothing is suspended."""
    now = datetime.now(UTC)
    try:
        found = look_at_group(aws_client(group.region, group.endpoint), group.name)
    except LookError:
        return None
    except failures() as error:
        words = str(error) or type(error).__name__
        return Seen(group.name, stamp(now), UNKNOWN, needed=0, error=" ".join(words.split()))
    if PROCESS not in found.suspended:
        # Whatever a breaker has written there before, launches are free.
        found = replace(found, tags={})
    seen = standing(Rules(group.name, failures=0, expiry=0, owner=""), found, now)
    return seen if seen.suspended else None
