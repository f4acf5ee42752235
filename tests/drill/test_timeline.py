"""What happened when, on a clock that the test turns."""

from __future__ import annotations

import pytest

from slackwater.drill.timeline import Timeline, watching


class Fleet:
    """Instances and requests as a test sets them, and what was heard."""

    def __init__(self) -> None:
        self.now, self.sent, self.lost = 100.0, 0, 0
        self.states: dict[str, str] = {}
        self.heard: list[tuple[str, str]] = []
        self.timeline = Timeline(self.look, self.count, self.hear, lambda: self.now)

    def look(self) -> dict[str, str]:
        return self.states

    def count(self) -> tuple[int, int]:
        return self.sent, self.lost

    def hear(self, instance: str, state: str) -> None:
        self.heard.append((instance, state))

    def go(self, seconds: float, **states: str) -> None:
        """Time passes, and then the group says this."""
        self.now += seconds
        self.states = states
        self.timeline.tick()


@pytest.fixture
def fleet() -> Fleet:
    fleet = Fleet()
    fleet.go(1, a="Pending")
    fleet.go(4, a="InService", b="Pending")
    fleet.go(1, a="InService", b="Pending")
    fleet.go(10, a="Terminating:Wait", b="InService")
    fleet.go(5, b="InService")
    return fleet


def test_each_state_is_a_span(fleet: Fleet) -> None:
    """From the look that found it to the look that found another; the last one lasts."""
    spans = [(span.instance, span.state, span.began, span.ended) for span in fleet.timeline.spans]

    assert [
        ("a", "Pending", 1, 5),
        ("a", "InService", 5, 16),
        ("b", "Pending", 5, 16),
        ("a", "Terminating:Wait", 16, 21),
        ("b", "InService", 16, None),
    ] == spans


def test_only_changes_are_heard(fleet: Fleet) -> None:
    """Each once, the end of an instance too."""
    heard = [("a", "Pending"), ("a", "InService"), ("b", "Pending"), ("a", "Terminating:Wait"), ("b", "InService")]

    assert [*heard, ("a", "gone")] == fleet.heard


def test_it_knows_when_an_instance_came_and_left(fleet: Fleet) -> None:
    """One that is still there has not left."""
    assert ["a", "b"] == fleet.timeline.seen()
    assert 5 == fleet.timeline.first("b")
    assert (16, 21) == fleet.timeline.left("a")
    with pytest.raises(ValueError, match="b is InService"):
        fleet.timeline.left("b")


def test_one_that_is_gone_without_leaving_left_at_that_moment(fleet: Fleet) -> None:
    """As a machine of which AWS says that it was terminated."""
    fleet.go(3)

    assert (24, 24) == fleet.timeline.left("b")


def test_requests_are_noted_once_a_second(fleet: Fleet) -> None:
    """However often it looks."""
    fleet.sent, fleet.lost = 7, 1
    before = len(fleet.timeline.counts)
    for _ in range(20):
        fleet.go(0.125, b="InService")

    assert [(22, 7, 1), (23, 7, 1)] == [(one.at, one.sent, one.lost) for one in fleet.timeline.counts[before:]]


def test_a_failure_of_the_watch_is_not_swallowed() -> None:
    """A drill without a timeline would look like one in which nothing happened."""

    def fail() -> None:
        raise OSError("the disk is gone")

    with watching(fail) as failed:
        pass

    assert ["the disk is gone"] == [str(error) for error in failed]
