"""Who leaves first when a group shrinks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from slackwater.lab.cloud.scaling.books import IN_SERVICE, Group, Member
from slackwater.lab.cloud.scaling.choice import leaves_first

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def member(name: str, minutes: int, zone: str = "a", version: str = "1") -> Member:
    """Launched so many minutes after the first."""
    launched = BEGAN + timedelta(minutes=minutes)
    return Member(name, zone, "t3.micro", {"Version": version}, IN_SERVICE, launched=launched)


def group(*members: Member, policies: tuple[str, ...] = ("Default",)) -> Group:
    return Group("g", "arn", {"TerminationPolicies": list(policies)}, members=list(members))


@pytest.mark.parametrize(
    ("policies", "first"),
    [
        (("Default",), "old template"),
        (("OldestLaunchTemplate", "NewestInstance"), "old template, newer"),
        (("OldestInstance",), "oldest"),
        (("NewestInstance",), "newest"),
        (("ClosestToNextInstanceHour",), "closest"),
    ],
)
def test_the_groups_policies_choose(policies: tuple[str, ...], first: str) -> None:
    """The second where the first leaves it open; without any the oldest version of the template goes."""
    there = (
        member("oldest", 0, version="2"), member("old template", 10), member("old template, newer", 20),
        member("closest", 59, version="2"), member("newest", 90, version="2"),
    )  # fmt: skip
    left = leaves_first(group(*there, policies=policies))

    assert left is not None
    assert first == left.id


def test_the_fullest_zone_loses_one() -> None:
    """Whatever the policies say of the others."""
    left = leaves_first(group(member("alone", 0, "a"), member("one", 1, "b"), member("two", 2, "b")))

    assert left is not None
    assert "one" == left.id


def test_the_unhealthy_leave_before_all_others_and_the_protected_never() -> None:
    """Nobody is left to leave where all are protected."""
    sick, well, safe = member("sick", 2, "b"), member("well", 1), member("safe", 0)
    sick.health, safe.protected = "Unhealthy", True
    there = group(sick, well, safe)
    first = leaves_first(there)
    sick.protected = True
    second = leaves_first(there)
    well.protected = True

    assert (sick, well) == (first, second)
    assert leaves_first(there) is None
