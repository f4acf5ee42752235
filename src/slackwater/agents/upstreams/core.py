"""The fleet as it is now: takes in what sources and probes report, lets the policy decide, keeps what it decided."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping

from .checker.outcome import Outcome, Question
from .configuration import Rules
from .members import Member, Place
from .policy.death import deaths
from .policy.fleet import Fleet, Report, Transition, adopt, decide, forget, step
from .policy.record import Record
from .policy.share import weights
from .words import Log
from .writer.entry import Entry

BATCH = 0.02
"""Seconds in which answers are gathered: a thousand backends that fail at once are one decision, not a thousand."""
LAST = 100

Moved = Callable[[list[Place]], None]


class Core:
    """`moved` is called after each change of the fleet, with those that have died by it, mostly none."""

    def __init__(self, fleet: Fleet, rules: Rules, clock: Callable[[], float], log: Log, moved: Moved) -> None:
        self.fleet, self.rules = fleet, rules
        self.transitions: deque[Transition] = deque(maxlen=LAST)
        self.entered: Counter[str] = Counter()
        self.answers: Counter[tuple[str, str]] = Counter()
        self.asked: set[Place] = set()
        self._clock, self._log, self._moved = clock, log, moved
        self._reports: list[Report] = []
        self._weights: dict[Place, int] = {}

    def report(self, place: Place, question: Question, outcome: Outcome) -> None:
        self.answers[question, outcome.result] += 1
        self.asked.add(place)
        if not self._reports:
            asyncio.get_running_loop().call_later(BATCH, self._step)
        self._reports.append(Report(place, question, outcome))

    def _step(self) -> None:
        reports, self._reports = self._reports, []
        before = self.fleet.records
        fleet, transitions = step(self.fleet, reports, self.rules, self._clock())
        shares = any(_ready(before, report.place) != _ready(fleet.records, report.place) for report in reports)
        self._take(fleet, transitions, moves=bool(transitions) or shares)

    def adopt(self, members: Iterable[Member]) -> None:
        fleet, transitions = adopt(self.fleet, members, self.rules, self._clock())
        self._take(fleet, transitions, moves=fleet is not self.fleet)

    def forget(self, places: Iterable[Place]) -> None:
        fleet, transitions = forget(self.fleet, places, self.rules, self._clock())
        self._take(fleet, transitions, moves=fleet is not self.fleet)
        self.asked &= self.fleet.records.keys()

    def follow(self, rules: Rules) -> None:
        """Other rules, from now on."""
        self.rules = rules
        self._take(*decide(self.fleet, rules, self._clock()))

    def _take(self, fleet: Fleet, transitions: list[Transition], *, moves: bool = True) -> None:
        """A row of answers that only grows longer is nobody else's business, unless it is silence long enough."""
        dead = deaths(self.fleet, fleet, self.rules)
        self.fleet = fleet
        if not moves and not dead:
            return
        for one in transitions:
            self.transitions.append(one)
            self.entered[one.after] += 1
            self._log(f"{one.name} {one.place}: {one.before or 'unknown'} -> {one.after}: {one.reason}")
        self._moved(dead)

    def entries(self) -> tuple[Entry, ...]:
        """Who gets new requests, in the order of their names; who has left gives its name to whoever has it now."""
        share, slow_start = weights(self.fleet.records.values(), self.rules), self.rules.slow_start
        self._note(share)
        records = [record for record in self.fleet.records.values() if record.serves]
        by_name = {r.member.name: r for r in sorted(records, key=lambda record: not record.left)}
        return tuple(
            Entry(name, r.member.place, share[r.member.place], r.member.backup, r.since, slow_start)
            for name, r in sorted(by_name.items())
        )

    def _note(self, share: dict[Place, int]) -> None:
        for place, weight in share.items():
            before = self._weights.get(place, weight)
            if weight != before:
                record = self.fleet.records[place]
                why = "" if record.ready is None else f": {record.ready_answer or 'ready'}"
                self._log(f"{record.member.name} {place}: weight {before} -> {weight}{why}")
        self._weights = share


def _ready(records: Mapping[Place, Record], place: Place) -> bool | None:
    record = records.get(place)
    return record.ready if record else None
