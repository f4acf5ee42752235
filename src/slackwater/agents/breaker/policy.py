"""The policy: from a group's launches, tags and suspended processes to the calls to make. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from .launches import Launch, Outcome, failed_in_a_row
from .mark import KEYS, Mark, State, mark_of

PROCESS = "Launch"
SKEW = timedelta(seconds=30)
"""This machine's clock against AWS's: a trial that seems to have begun before it was allowed would never be judged.
While launches are suspended none begins, so that nothing else is taken for one."""


@dataclass(frozen=True)
class Rules:
    """`expiry` in seconds; `owner` is who is written on the group."""

    group: str
    failures: int
    expiry: int
    owner: str


@dataclass(frozen=True)
class Call:
    """A request to Auto Scaling, as boto3 calls it."""

    method: str
    arguments: Mapping[str, Any]
    reason: str


def decide(
    launches: Iterable[Launch], tags: Mapping[str, str], suspended: Collection[str], now: datetime, rules: Rules
) -> list[Call]:
    """Whatever was suspended without the breaker's tags is somebody else's, and stays as it is."""
    found, mark, is_suspended = list(launches), mark_of(tags), PROCESS in suspended
    if mark is None:
        failed = failed_in_a_row(found, now)
        if is_suspended or len(failed) < rules.failures:
            return []
        return _trip(f"{len(failed)} launches in a row failed: {failed[0].reason}", now, rules)
    match mark.state:
        case State.TRIPPING:
            return _finish_trip(mark, rules)
        case State.LIFTING:
            return _finish_lift(mark, rules)
        case State.OPEN:
            return _open(mark, is_suspended, now, rules)
        case State.TRIAL:
            return _trial(found, mark, is_suspended, now, rules)


def lift(tags: Mapping[str, str], now: datetime, rules: Rules) -> list[Call]:
    """What the expiry does, at once: none when the breaker has suspended nothing."""
    mark = mark_of(tags)
    if mark is None or mark.state is State.TRIAL:
        return []
    lifting = replace(mark, state=State.LIFTING, since=max(mark.since, now - SKEW))
    return [_write(lifting, rules, "launches are tried again"), *_finish_lift(lifting, rules)]


def _trip(reason: str, now: datetime, rules: Rules) -> list[Call]:
    """The tags first: a suspension without them would look like a person's, and nobody would ever lift it."""
    mark = Mark(State.TRIPPING, now, rules.owner, reason, now + timedelta(seconds=rules.expiry))
    return [_write(mark, rules, reason), *_finish_trip(mark, rules)]


def _finish_trip(mark: Mark, rules: Rules) -> list[Call]:
    arguments = {"AutoScalingGroupName": rules.group, "ScalingProcesses": [PROCESS]}
    is_open = _write(replace(mark, state=State.OPEN), rules, "launches are suspended")
    return [Call("suspend_processes", arguments, mark.reason), is_open]


def _finish_lift(mark: Mark, rules: Rules) -> list[Call]:
    arguments = {"AutoScalingGroupName": rules.group, "ScalingProcesses": [PROCESS]}
    trial = _write(replace(mark, state=State.TRIAL), rules, "the next launch decides")
    return [Call("resume_processes", arguments, "launches are tried again"), trial]


def _open(mark: Mark, is_suspended: bool, now: datetime, rules: Rules) -> list[Call]:
    if not is_suspended:
        # A person has lifted it: whatever was launched since it tripped is the trial.
        return [_write(replace(mark, state=State.TRIAL), rules, "lifted by somebody else: the next launch decides")]
    return lift(mark.tags(), now, rules) if now >= mark.expires else []


def _trial(found: Sequence[Launch], mark: Mark, is_suspended: bool, now: datetime, rules: Rules) -> list[Call]:
    if is_suspended:
        return [_erase(rules, "launches were suspended by somebody else during the trial: that is theirs")]
    tried = [one for one in found if one.started >= mark.since]
    if any(one.outcome is Outcome.SUCCESSFUL for one in tried):
        return [_erase(rules, "a launch has succeeded")]
    if failed := failed_in_a_row(tried, now):
        return _trip(f"the trial launch failed: {failed[0].reason}", now, rules)
    return []


def _write(mark: Mark, rules: Rules, reason: str) -> Call:
    tags = [{**_tag(key, rules), "Value": value, "PropagateAtLaunch": False} for key, value in mark.tags().items()]
    return Call("create_or_update_tags", {"Tags": tags}, f"{mark.state.value}: {reason}")


def _erase(rules: Rules, reason: str) -> Call:
    return Call("delete_tags", {"Tags": [_tag(key, rules) for key in KEYS]}, reason)


def _tag(key: str, rules: Rules) -> dict[str, Any]:
    return {"ResourceId": rules.group, "ResourceType": "auto-scaling-group", "Key": key}
