"""Tags: how what Slackwater made is known from what others made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from slackwater.errors import CloudError
from slackwater.settings import ScalingGroup

MANAGED = "slackwater:managed"
"""Its value is the group's name: of whose declaration a resource is."""
GROUPS = "slackwater:groups"
"""Of an instance: the inventory's groups that it is in, with spaces between: AWS takes no comma in some tags."""


def own_tags(group: ScalingGroup) -> dict[str, str]:
    """What every resource of the group bears: the operator's own tags, and the mark."""
    return {**group.tags, MANAGED: group.name}


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """In AWS's words, in an order that does not change."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def as_dict(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value") or "" for tag in tags}


def refuse_foreign(what: str, tags: Mapping[str, str], group: ScalingGroup) -> None:
    """What somebody else made under our name is not ours to change: its surplus hooks and policies would go."""
    owner = tags.get(MANAGED)
    if owner != group.name:
        whose = f"is of the group {owner}" if owner else "was not made by Slackwater"
        raise CloudError(
            f"{what} exists and {whose}; nothing was changed. Name the group otherwise, "
            f"or hand it over: tag it {MANAGED}={group.name}"
        )
