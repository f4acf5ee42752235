"""The order of a fleet and its batches: what is shown is what is done."""

from __future__ import annotations

import pytest

from slackwater.errors import RolloutError
from slackwater.rollout.plan import Batch, batches, by_name, pace

SIX = [f"app-{number}" for number in range(1, 7)]


def test_numbers_count_as_numbers() -> None:
    """app-2 comes before app-10, in every run."""
    assert ["app-1", "app-2", "app-10", "worker-1"] == by_name(["worker-1", "app-10", "app-2", "app-1"])


@pytest.mark.parametrize(
    ("canary", "batch", "expected"),
    [
        (1, "25%", [["app-1"], ["app-2"], ["app-3"], ["app-4"], ["app-5"], ["app-6"]]),
        (1, "50%", [["app-1"], ["app-2", "app-3", "app-4"], ["app-5", "app-6"]]),
        (2, "100%", [["app-1", "app-2"], ["app-3", "app-4", "app-5", "app-6"]]),
        (0, "4", [["app-1", "app-2", "app-3", "app-4"], ["app-5", "app-6"]]),
        (6, "1", [["app-1", "app-2", "app-3", "app-4", "app-5", "app-6"]]),
        (1, "1%", [["app-1"], ["app-2"], ["app-3"], ["app-4"], ["app-5"], ["app-6"]]),
    ],
)
def test_canary_first_then_batches(canary: int, batch: str, expected: list[list[str]]) -> None:
    """Every host once, in order; a share is of the whole fleet, rounded down, at least one."""
    found = batches(list(reversed(SIX)), 6, pace(canary, batch))

    assert expected == [list(each.hosts) for each in found]


def test_a_batch_says_what_it_is() -> None:
    """For whoever watches."""
    assert [Batch("canary", ("app-1",)), Batch("batch 1 of 1", ("app-2",))] == batches(SIX[:2], 2, pace(1, "50%"))


def test_nothing_to_do_is_no_batch() -> None:
    """Not an empty canary."""
    assert [] == batches([], 6, pace(1, "25%"))


@pytest.mark.parametrize("batch", ["0", "0%", "101%", "-1", "half", "25 %", "", "1.5"])
def test_a_batch_that_is_none_is_refused(batch: str) -> None:
    """With what is allowed."""
    with pytest.raises(RolloutError, match="must be a number of hosts such as 2, or a share from 1% to 100%"):
        pace(1, batch)


def test_a_canary_below_zero_is_refused() -> None:
    """Zero is legal: no canary."""
    with pytest.raises(RolloutError, match="--canary -1"):
        pace(-1, "25%")
