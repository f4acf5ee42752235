"""One answer, and what it makes of the record of the backend that gave it."""

from __future__ import annotations

from dataclasses import replace

from ..checker.outcome import Outcome, Question, Result
from ..configuration import Rules
from .record import Record, Verdict


def observe(record: Record, question: Question, outcome: Outcome, rules: Rules) -> Record:
    """The same object when nothing has changed, as nearly always."""
    if outcome.result is Result.UNKNOWN:
        return record
    if question is Question.READY:
        return _ready(record, outcome)
    match outcome.result:
        case Result.GOOD:
            return _good(record, rules)
        case Result.DRAINING:
            return _draining(record, outcome)
    return _bad(record, outcome, rules)


def _good(record: Record, rules: Rules) -> Record:
    if record.verdict is Verdict.UP and not record.bad and record.good >= rules.rise:
        return record
    needed = record.needed if record.verdict is Verdict.NEW else rules.rise
    good = record.good + 1
    verdict = Verdict.UP if good >= needed else record.verdict
    return replace(record, verdict=verdict, good=good, bad=0, unheard=0, silent=0)


def _draining(record: Record, outcome: Outcome) -> Record:
    """Its own word is enough: no row of answers is waited for."""
    if record.verdict is Verdict.DRAINING and not record.good and not record.bad:
        return record
    return replace(record, verdict=Verdict.DRAINING, good=0, bad=0, unheard=0, silent=0, answer=outcome.detail)


def _bad(record: Record, outcome: Outcome, rules: Rules) -> Record:
    """Only who was up goes down: what has not come in yet has nothing to lose, and who drains will fall silent."""
    bad = record.bad + 1
    fallen = record.verdict is Verdict.UP and bad >= rules.fall
    verdict = Verdict.DOWN if fallen else record.verdict
    unheard = 0 if outcome.heard else record.unheard + 1
    silent = 0 if outcome.heard else record.silent + outcome.silent
    return replace(record, verdict=verdict, good=0, bad=bad, unheard=unheard, silent=silent, answer=outcome.detail)


def _ready(record: Record, outcome: Outcome) -> Record:
    """`draining` is the gate's word, and comes from the gate's own question."""
    ready = record.ready if outcome.result is Result.DRAINING else outcome.result is Result.GOOD
    if ready == record.ready and outcome.detail == record.ready_answer:
        return record
    return replace(record, ready=ready, ready_answer=outcome.detail)
