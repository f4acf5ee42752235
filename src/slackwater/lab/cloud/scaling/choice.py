"""Who leaves first when a group shrinks: the fullest zone, then the group's termination policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from slackwater.lab.cloud.scaling.books import IN_SERVICE, Group, Member

Key = Callable[[Member], Any]
POLICIES: dict[str, Key] = {
    "Default": lambda member: (int(member.template["Version"]), member.launched),
    "OldestLaunchTemplate": lambda member: int(member.template["Version"]),
    "OldestLaunchConfiguration": lambda _: 0,
    "OldestInstance": lambda member: member.launched,
    "NewestInstance": lambda member: -member.launched.timestamp(),
    "ClosestToNextInstanceHour": lambda member: -(member.launched.minute * 60 + member.launched.second),
    "AllocationStrategy": lambda _: 0,
}


def leaves_first(group: Group) -> Member | None:
    """None when everybody is protected. Whoever is unhealthy goes before all others."""
    free = [each for each in group.counted() if each.state == IN_SERVICE and not each.protected]
    if not free:
        return None
    if sick := [each for each in free if each.health == "Unhealthy"]:
        return sick[0]
    zones = Counter(each.zone for each in group.counted())
    fullest = max(zones[each.zone] for each in free)
    keys = [POLICIES[name] for name in group.settings.get("TerminationPolicies", ["Default"])]
    return min((each for each in free if zones[each.zone] == fullest), key=lambda each: [key(each) for key in keys])
