"""Suspended processes: a person's stay as they are; what a breaker left behind that is declared no longer is lifted."""

from __future__ import annotations

from collections.abc import Iterator

from slackwater.agents.breaker.mark import KEYS, Mark, State, mark_of
from slackwater.agents.breaker.policy import PROCESS
from slackwater.aws.call import Call
from slackwater.aws.group import Group
from slackwater.settings import ScalingGroup

REASON = "the breaker is no longer declared"


def plan_suspension(group: ScalingGroup, found: Group | None) -> Iterator[Call]:
    """Nobody watches any more who would lift it when it expires.

    The tags go last: an apply that broke off between the two must not leave a suspension that looks like a person's.
    """
    mark = mark_of(found.tags) if found and group.breaker is None else None
    if found is None or mark is None:
        return
    if _is_the_breakers(mark, found):
        arguments = {"AutoScalingGroupName": group.name, "ScalingProcesses": [PROCESS]}
        yield Call("autoscaling", "resume_processes", arguments, f"{REASON}; it had suspended them: {mark.reason}")
    yield Call("autoscaling", "delete_tags", {"Tags": [_tag(group, key) for key in KEYS if key in found.tags]}, REASON)


def suspension_notes(group: ScalingGroup, found: Group) -> Iterator[str]:
    """What stays suspended, and by whom."""
    mark, others = mark_of(found.tags), list(found.suspended)
    if mark and _is_the_breakers(mark, found):
        others.remove(PROCESS)
        if group.breaker:
            yield f"suspended and left so: {PROCESS}, by the breaker ({mark.owner}): {mark.reason}"
    if others:
        yield f"suspended and left so: {', '.join(others)}"


def _is_the_breakers(mark: Mark, found: Group) -> bool:
    """On trial it has freed launches: a suspension is then a person's."""
    return PROCESS in found.suspended and mark.state is not State.TRIAL


def _tag(group: ScalingGroup, key: str) -> dict[str, str]:
    return {"ResourceId": group.name, "ResourceType": "auto-scaling-group", "Key": key}
