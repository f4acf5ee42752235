"""The breaker's policy and its files: when it trips, when it tries again, and whose suspensions it leaves alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from slackwater.agents.breaker.files import write
from slackwater.agents.breaker.launches import Launch, Outcome, failed_in_a_row, launches
from slackwater.agents.breaker.look import LookError
from slackwater.agents.breaker.mark import EXPIRES, KEYS, OWNER, REASON, STATE, Mark, State, clean, mark_of
from slackwater.agents.breaker.policy import Call, Rules, decide, lift
from slackwater.agents.breaker.watch import Watch

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RULES = Rules("shop", failures=3, expiry=3600, owner="slackwater on balancer-1")
SUSPENDED = frozenset({"Launch"})


def launch(minutes: float, outcome: Outcome = Outcome.FAILED, reason: str = "no capacity") -> Launch:
    """That many minutes ago."""
    at = NOW - timedelta(minutes=minutes)
    return Launch(at, at, outcome, reason)


FAILED = [launch(1), launch(2), launch(3)]


def mark(state: State, *, since: float = 10, expires: float = -50) -> dict[str, str]:
    """Tags of a breaker; minutes ago."""
    at, end = NOW - timedelta(minutes=since), NOW - timedelta(minutes=expires)
    return Mark(state, at, "somebody", "3 launches in a row failed", end).tags()


def methods(calls: Sequence[Call]) -> list[str]:
    return [call.method for call in calls]


def after(tags: dict[str, str], calls: Sequence[Call]) -> dict[str, str]:
    """The group's tags once these calls are made."""
    for call in calls:
        if call.method == "create_or_update_tags":
            tags = {**tags, **{tag["Key"]: tag["Value"] for tag in call.arguments["Tags"]}}
        if call.method == "delete_tags":
            tags = {key: value for key, value in tags.items() if key not in {t["Key"] for t in call.arguments["Tags"]}}
    return tags


def test_three_failures_in_a_row_suspend_launches() -> None:
    """Tags with owner, reason and expiry come first, for a suspension without them would look like a person's."""
    calls = decide(FAILED, {}, frozenset(), NOW, RULES)
    tags = after({}, calls)

    assert ["create_or_update_tags", "suspend_processes", "create_or_update_tags"] == methods(calls)
    assert {"AutoScalingGroupName": "shop", "ScalingProcesses": ["Launch"]} == calls[1].arguments
    assert "slackwater on balancer-1" == tags[OWNER]
    assert "3 launches in a row failed: no capacity" == tags[REASON]
    assert "2026-11-21T13:00:00Z" == tags[EXPIRES]
    assert "open 2026-11-21T12:00:00Z" == tags[STATE]


@pytest.mark.parametrize(
    "found",
    [
        FAILED[:2],
        [FAILED[0], launch(1.5, Outcome.SUCCESSFUL), *FAILED[1:]],
        [*FAILED[:2], launch(2 * 24 * 60)],
        [launch(0, Outcome.UNDER_WAY), *FAILED[:2]],
    ],
    ids=["too few", "a success between", "one of another day", "one that is not over"],
)
def test_fewer_failures_change_nothing(found: list[Launch]) -> None:
    """Only ended launches in a row count, and none of last week."""
    assert [] == decide(found, {}, frozenset(), NOW, RULES)


def test_a_persons_suspension_is_never_touched() -> None:
    """Without our tags it is theirs, however many launches failed before, and however old it is."""
    assert [] == decide(FAILED, {"team": "shop"}, SUSPENDED, NOW, RULES)
    assert [] == lift({"team": "shop"}, NOW, RULES)


def test_until_the_expiry_nothing_happens() -> None:
    """Not even when launches that had begun before fail now."""
    assert [] == decide(FAILED, mark(State.OPEN), SUSPENDED, NOW, RULES)


def test_at_the_expiry_launches_are_tried_again() -> None:
    """The group stays marked until a launch has shown how it goes."""
    tags = mark(State.OPEN, since=60, expires=0)
    calls = decide(FAILED, tags, SUSPENDED, NOW, RULES)

    assert ["create_or_update_tags", "resume_processes", "create_or_update_tags"] == methods(calls)
    assert after(tags, calls)[STATE].startswith("trial ")
    assert after(tags, calls)[REASON] == tags[REASON]


def test_a_trial_that_fails_trips_it_at_once() -> None:
    """One failure is enough, and it says that it was the trial."""
    calls = decide([launch(1), *FAILED], mark(State.TRIAL, since=2), frozenset(), NOW, RULES)

    assert ["create_or_update_tags", "suspend_processes", "create_or_update_tags"] == methods(calls)
    assert "the trial launch failed: no capacity" == calls[1].reason


def test_a_trial_that_succeeds_removes_the_tags() -> None:
    """All of them; another failure beside it is the first of a new row."""
    found = [launch(0.5), launch(1, Outcome.SUCCESSFUL), *FAILED]
    calls = decide(found, mark(State.TRIAL, since=2), frozenset(), NOW, RULES)

    assert ["delete_tags"] == methods(calls)
    assert set(KEYS) == {tag["Key"] for tag in calls[0].arguments["Tags"]}


def test_a_trial_that_has_not_ended_waits() -> None:
    """Failures from before it say nothing of it."""
    found = [launch(0.5, Outcome.UNDER_WAY), *(launch(minutes) for minutes in (3, 4, 5))]

    assert [] == decide(found, mark(State.TRIAL, since=2), frozenset(), NOW, RULES)


def test_who_suspends_launches_during_the_trial_keeps_them_suspended() -> None:
    """The breaker takes its tags away and has nothing to do with it any more."""
    tags = mark(State.TRIAL, since=2)
    calls = decide([], tags, SUSPENDED, NOW, RULES)

    assert ["delete_tags"] == methods(calls)
    assert [] == decide(FAILED, after(tags, calls), SUSPENDED, NOW, RULES)


def test_a_person_who_lifts_it_starts_the_trial() -> None:
    """The old failures do not trip it again; the next one does."""
    tags = mark(State.OPEN)
    calls = decide(FAILED, tags, frozenset(), NOW, RULES)

    assert ["create_or_update_tags"] == methods(calls)
    assert after(tags, calls)[STATE].startswith("trial ")


@pytest.mark.parametrize(
    ("state", "suspended", "method"),
    [
        (State.TRIPPING, frozenset(), "suspend_processes"),
        (State.TRIPPING, SUSPENDED, "suspend_processes"),
        (State.LIFTING, SUSPENDED, "resume_processes"),
        (State.LIFTING, frozenset(), "resume_processes"),
    ],
)
def test_what_a_dead_watcher_began_is_finished(state: State, suspended: frozenset[str], method: str) -> None:
    """Wherever it died between two calls; the same call twice changes nothing."""
    calls = decide(FAILED, mark(state, since=1), suspended, NOW, RULES)

    assert [method, "create_or_update_tags"] == methods(calls)


def test_tags_that_a_hand_has_spoiled_keep_nothing_suspended() -> None:
    """An expiry that cannot be read is over, and a state that is none is open."""
    for spoiled in ({OWNER: "somebody"}, {**mark(State.OPEN), EXPIRES: "soon"}, {**mark(State.OPEN), STATE: "shut"}):
        calls = decide([], {**spoiled, EXPIRES: "soon"}, SUSPENDED, NOW, RULES)

        assert "resume_processes" in methods(calls)


def test_a_tag_holds_what_aws_takes() -> None:
    """No longer than 256 characters, and none that another service of AWS refuses."""
    assert "Lifecycle Action i-1 was abandoned: Heartbeat Timeout" == clean(
        "Lifecycle Action <i-1> was abandoned: Heartbeat Timeout\n"
    )
    assert 256 == len(clean("x" * 1000))


def test_tags_are_read_as_they_were_written() -> None:
    """Whoever comes next goes on from them."""
    written = Mark(State.TRIAL, NOW, "somebody", "why", NOW + timedelta(hours=1))

    assert written == mark_of(written.tags())


def test_launches_are_told_from_other_activities() -> None:
    """Terminations and changes of the desired size are none; a cancelled one was abandoned."""
    said: list[dict[str, Any]] = [
        {"Description": "Terminating EC2 instance: i-1", "StatusCode": "Failed", "StartTime": NOW},
        {"Description": "Launching a new EC2 instance: i-2", "StatusCode": "Cancelled", "StartTime": NOW},
        {"Description": "Launching a new EC2 instance: i-3", "StatusCode": "MidLifecycleAction", "StartTime": NOW},
        {"Description": "Launching a new EC2 instance into warm pool: i-4", "StatusCode": "Failed", "StartTime": NOW},
    ]

    assert [Outcome.FAILED, Outcome.UNDER_WAY, Outcome.FAILED] == [one.outcome for one in launches(said)]
    assert 2 == len(failed_in_a_row(launches(said), NOW))


def no_client() -> Any:
    raise LookError("there is no way to AWS")


def test_a_look_that_fails_shows_everywhere(tmp_path: Path) -> None:
    """In the log once, in the file, and in the metrics; and nothing was called."""
    log: list[str] = []
    watch = Watch(RULES, no_client, log.append, lambda: NOW)
    for _ in range(2):
        watch.look()
        write(tmp_path, watch)
    metrics = (tmp_path / "metrics.prom").read_text().splitlines()

    assert ["shop: the breaker cannot tell, and changes nothing: there is no way to AWS"] == log
    assert '"error": "there is no way to AWS"' in (tmp_path / "state.json").read_text()
    assert 'slackwater_breaker_ok{group="shop"} 0' in metrics
    assert 'slackwater_breaker_look_failures_total{group="shop"} 2' in metrics
    assert 'slackwater_breaker_state{group="shop",state="unknown"} 1' in metrics
    assert not [line for line in metrics if "_open{" in line]
