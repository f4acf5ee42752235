"""The policy itself: who is known, what was reported, what time it is; out come who serves now, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..checker.outcome import Outcome, Question
from ..configuration import Rules
from ..members import Member, Place
from .observe import observe
from .record import Record, State, Verdict
from .settle import settle

GONE = "gone"


@dataclass(frozen=True, slots=True)
class Report:
    place: Place
    question: Question
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Transition:
    time: float
    name: str
    place: Place
    before: str
    after: str
    reason: str


@dataclass(frozen=True)
class Fleet:
    records: Mapping[Place, Record] = field(default_factory=dict)

    @property
    def members(self) -> list[Member]:
        """Whom some source names."""
        return [record.member for record in self.records.values() if not record.left]

    @property
    def is_new(self) -> bool:
        """Nobody has ever served: there is nothing that a cautious beginning could protect."""
        return not any(record.admitted for record in self.records.values())

    @property
    def held(self) -> list[Record]:
        return [record for record in self.records.values() if record.state is State.HELD]


def recovered(entries: Iterable[tuple[Member, float]], lowered: Iterable[Place] = ()) -> Fleet:
    """Who served before a restart serves on until its answers say otherwise, and ramps on from where it was; who had
    its weight `lowered` was not ready."""
    up, serving, unready = Verdict.UP, State.UP, set(lowered)
    why = "as it was before the restart"
    records = [
        Record(member, 1, up, serving, admitted=True, since=since, changed=since, reason=why)
        for member, since in entries
    ]
    return Fleet({r.member.place: replace(r, ready=False) if r.member.place in unready else r for r in records})


def adopt(fleet: Fleet, members: Iterable[Member], rules: Rules, now: float) -> tuple[Fleet, list[Transition]]:
    """Takes in whom the sources name: new ones wait for good answers, those no longer named finish what they have."""
    wanted = {member.place: member for member in members}
    if not wanted:
        return fleet, []
    needed = 1 if fleet.is_new else rules.rise
    kept = {place: _renewed(record, wanted.get(place)) for place, record in fleet.records.items()}
    joined = {place: Record(member, needed) for place, member in wanted.items() if place not in kept}
    if not joined and all(kept[place] is record for place, record in fleet.records.items()):
        return fleet, []
    waiting = [replace(record, changed=now, reason="just named by a source") for record in joined.values()]
    met = [Transition(now, r.member.name, r.member.place, "", State.NEW, r.reason) for r in waiting]
    fleet, transitions = decide(Fleet(kept | {record.member.place: record for record in waiting}), rules, now)
    return fleet, met + transitions


def _renewed(record: Record, member: Member | None) -> Record:
    if member is None:
        return record if record.left else replace(record, left=True)
    return record if record.member == member and not record.left else replace(record, member=member, left=False)


def step(fleet: Fleet, reports: Iterable[Report], rules: Rules, now: float) -> tuple[Fleet, list[Transition]]:
    """Takes in answers; decides anew only when one of them has changed something."""
    changed: dict[Place, Record] = {}
    for report in reports:
        record = changed.get(report.place) or fleet.records.get(report.place)
        if record is None:
            continue  # it has gone since it was asked
        after = observe(record, report.question, report.outcome, rules)
        if after is not record:
            changed[report.place] = after
    if not changed:
        return fleet, []
    decisive = any(_matters(fleet.records[place], record, rules) for place, record in changed.items())
    fleet = Fleet({**fleet.records, **changed})
    return decide(fleet, rules, now) if decisive else (fleet, [])


def _matters(before: Record, after: Record, rules: Rules) -> bool:
    """A row that only grows longer moves nobody."""
    silent = after.leaves and (before.bad < rules.fall) != (after.bad < rules.fall)
    return before.verdict is not after.verdict or silent


def decide(fleet: Fleet, rules: Rules, now: float) -> tuple[Fleet, list[Transition]]:
    records = list(fleet.records.values())
    after, transitions = {}, []
    for record, (state, reason) in zip(records, settle(records, rules), strict=True):
        after[record.member.place] = moved = _moved(record, state, reason, now)
        if moved is not record:
            before = record.state
            transitions.append(Transition(now, record.member.name, record.member.place, before, state, reason))
    return (Fleet(after), transitions) if transitions else (fleet, [])


def _moved(record: Record, state: State, reason: str, now: float) -> Record:
    if state is record.state:
        return record
    moved = replace(record, state=state, reason=reason, changed=now)
    return replace(moved, admitted=True, since=now) if moved.serves and not record.serves else moved


def forget(fleet: Fleet, places: Iterable[Place], rules: Rules, now: float) -> tuple[Fleet, list[Transition]]:
    """Drops those that have left and have nothing in flight any more; who falls silent is found dead first."""
    known = [fleet.records[place] for place in places if place in fleet.records]
    done = [record for record in known if record.left and not record.serves and not 0 < record.unheard < rules.fall]
    gone = {record.member.place: record for record in done}
    if not gone:
        return fleet, []
    kept = {place: record for place, record in fleet.records.items() if place not in gone}
    why = "nothing in flight any more"
    transitions = [Transition(now, r.member.name, place, r.state, GONE, why) for place, r in gone.items()]
    return Fleet(kept), transitions
