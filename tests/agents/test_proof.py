"""How often a slot must be ready before anybody meets it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable

from slackwater.agents.slots.proof import Trial


def answers(*given: Iterable[str]) -> Callable[[], str]:
    each = itertools.chain(*given)
    return lambda: next(each)


def never() -> int:
    return 0


def test_a_slot_is_proved_by_answers_in_a_row() -> None:
    """One failure between them starts the count anew."""
    asked: list[str] = []
    given = answers(["503 no"] * 3, [""] * 4, ["500 oh"], itertools.repeat(""))

    def ask() -> str:
        asked.append(given())
        return asked[-1]

    assert "" == Trial(5, 60, pause=0).wrong(ask, never)
    assert 13 == len(asked)


def test_ready_once_a_worker_and_then_not_is_found_out() -> None:
    """Four workers answer once each, the fifth answer must come from one of them a second time."""
    workers = answers([""] * 4, itertools.repeat("500 Internal Server Error: "))
    said = Trial(proofs=5, seconds=0.05, pause=0.001).wrong(workers, never)

    assert "ready 4 times, then 500 Internal Server Error: , for 0.05 s" == said


def test_a_slot_that_is_never_ready_says_what_it_answered_last() -> None:
    """Nothing is said of how often it was."""
    assert "503 no db, for 0.01 s" == Trial(5, 0.01, pause=0.001).wrong(answers(itertools.repeat("503 no db")), never)


def test_a_slot_that_crashes_is_not_awaited() -> None:
    """Three restarts are enough; those of an earlier trial do not count."""
    restarts = itertools.chain([7, 7], itertools.count(8))
    said = Trial(5, 3600, pause=0).wrong(answers([""], itertools.repeat("no answer")), lambda: next(restarts))

    assert "ready 1 time, then it crashed 3 times while starting" == said


def test_good_answers_across_a_restart_are_no_row() -> None:
    """The socket is systemd's: a question that waits for the restart is answered well, and yet the app has ended."""
    restarts = iter([0, 0, 0, 0, 1, 1, 1, 2, 2, 3])
    said = Trial(5, 3600, pause=0).wrong(answers(itertools.repeat("")), lambda: next(restarts))

    assert "ready 2 times, then it crashed 3 times while starting" == said


def test_a_slot_must_be_ready_for_some_time() -> None:
    """An app that ends a moment after it was ready must not get there in that moment."""
    begun = time.monotonic()

    assert "" == Trial(2, 60, stable=0.3, pause=0.01).wrong(answers(itertools.repeat("")), never)
    assert time.monotonic() - begun >= 0.3


def test_a_row_that_has_begun_is_not_cut_by_the_deadline() -> None:
    """A slow answer is a good one."""
    assert "" == Trial(5, 0, pause=0.01).wrong(answers(itertools.repeat("")), never)
