"""Where a rollback goes without being told: never forward, never to the wrong release."""

from __future__ import annotations

import pytest

from slackwater.changes import Change
from slackwater.changes.owner import me
from slackwater.errors import RolloutError
from slackwater.release import Proved
from slackwater.rollout.way_back import history_of, target


def proved(release: str, *history: str) -> Proved:
    return Proved(release=release, sha256="0" * 64, at="2026-11-20T12:00:00+00:00", by="a@b", history=history)


def interrupted(kind: str, release: str, origin: str | None) -> Change:
    at = "2026-11-20T12:00:00+00:00"
    return Change(kind, release, origin, me(), "token", at, at)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pointer", "change", "expected"),
    [
        (proved("r3", "r1", "r2"), None, "r2"),
        (proved("r2", "r1"), interrupted("rollout", "r3", "r2"), "r2"),
        # It died after the pointer had moved: what was meant is still the way back.
        (proved("r3", "r1", "r2"), interrupted("rollout", "r3", "r2"), "r2"),
        # A rollback that died goes on, it does not turn round or go one further.
        (proved("r2", "r1"), interrupted("rollback", "r2", "r3"), "r2"),
        (proved("r3", "r1", "r2"), interrupted("rollback", "r2", "r3"), "r2"),
    ],
)
def test_back_is_where_it_came_from(pointer: Proved, change: Change | None, expected: str) -> None:
    """Pointer and interrupted change decide together."""
    assert expected == target(pointer, change)


@pytest.mark.parametrize("pointer", [None, proved("r1")])
def test_without_an_earlier_release_there_is_nowhere_to_go(pointer: Proved | None) -> None:
    """The message says how to name one."""
    with pytest.raises(RolloutError, match=r"nothing to go back to.*--release"):
        target(pointer, None)


def test_going_back_twice_goes_back_two() -> None:
    """The release that was left is not one to go back to."""
    pointer = proved("r3", "r1", "r2")
    once = proved("r2", *history_of(pointer, "r2"))

    assert ("r1",) == once.history
    assert "r1" == target(once, None)
    assert () == history_of(once, "r1")


def test_a_named_release_that_was_never_proved_keeps_the_history() -> None:
    """Going back from it is going to what was proved before."""
    assert ("r1", "r2") == history_of(proved("r3", "r1", "r2"), "other")


def test_the_same_release_again_changes_no_history() -> None:
    """A rollback that died after the pointer had moved, run again."""
    assert ("r1",) == history_of(proved("r2", "r1"), "r2")
