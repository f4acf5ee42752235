"""What is a bad host and what only a bad moment."""

from __future__ import annotations

from slackwater.rollout.watch import Watch

HOSTS = ("app-1", "app-2")
CALM = {"app-1": 0, "app-2": 0}


def test_three_bad_looks_in_a_row_are_a_bad_host() -> None:
    """With what was seen last."""
    watch = Watch(HOSTS, CALM)
    seen = [watch.look({"app-1": f"ready: 500, {number}"}, CALM) for number in range(3)]

    assert [{}, {}, {"app-1": "ready: 500, 2"}] == seen


def test_a_good_look_between_starts_anew() -> None:
    """A lost packet is no reason to go back."""
    watch = Watch(HOSTS, CALM)
    seen = [watch.look(wrong, CALM) for wrong in ({"app-1": "x"}, {"app-1": "x"}, {}, {"app-1": "x"}, {"app-1": "x"})]

    assert [{}] * 5 == seen


def test_a_crash_is_certain_at_once() -> None:
    """Its socket is held, so nobody may have seen it unhealthy."""
    assert {"app-2": "it crashed"} == Watch(HOSTS, CALM).look({}, {"app-1": 0, "app-2": 1})


def test_crashes_from_before_the_watch_do_not_count() -> None:
    """Of a slot that waited for its database while it started."""
    assert {} == Watch(HOSTS, {"app-1": 2, "app-2": 0}).look({}, {"app-1": 2, "app-2": 0})


def test_a_host_that_rebooted_has_no_crash_to_its_name() -> None:
    """Its counter began anew, and counts from there."""
    watch = Watch(HOSTS, {"app-1": 3})

    assert [{}, {"app-1": "it crashed"}] == [watch.look({}, {"app-1": 0}), watch.look({}, {"app-1": 1})]


def test_a_host_that_could_not_be_asked_at_first_counts_from_its_first_answer() -> None:
    """A restart of last week is none of this release's."""
    watch = Watch(HOSTS, {})

    assert [{}, {"app-2": "it crashed"}] == [watch.look({}, {"app-2": 5}), watch.look({}, {"app-2": 6})]
