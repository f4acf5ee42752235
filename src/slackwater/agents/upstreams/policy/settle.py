"""Who serves of all that are known: what the checks say, and the floor beneath it."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from ..configuration import Rules
from .record import Record, State, Verdict


def settle(records: Iterable[Record], rules: Rules) -> list[tuple[State, str]]:
    """State and reason of each record, in their order."""
    known = list(records)
    up = [record for record in known if _is_up(record)]
    kept = {id(record): why for record, why in [*_floor(known, rules), *_last_resort(known, up, rules)]}
    return [_state(record, kept.get(id(record)), rules) for record in known]


def _is_up(record: Record) -> bool:
    return record.verdict is Verdict.UP and not record.left


def _state(record: Record, kept: str | None, rules: Rules) -> tuple[State, str]:
    if kept:
        return State.HELD, kept
    if record.verdict is Verdict.DOWN:
        return State.DOWN, f"{record.answer} ({record.bad} in a row)"
    if record.left:
        return State.DRAINING, "no source names it any more"
    if record.verdict is Verdict.DRAINING:
        return State.DRAINING, "it answers that it drains"
    if record.verdict is Verdict.UP:
        return State.UP, f"{record.good} good in a row" if record.good else "as it was before the restart"
    needed = record.needed
    return State.NEW, f"waits for {needed} good answers in a row" if needed > 1 else "waits for a good answer"


def _floor(known: list[Record], rules: Rules) -> list[tuple[Record, str]]:
    """Those that look bad and serve all the same, because too few would be left.

    When most backends look bad, it is the look that is wrong, or all share one cause; taking them out helps nobody.
    The share is of those that have served: what was never in, what drains and what has left is not counted.
    """
    crew = [r for r in known if r.admitted and not r.leaves and r.verdict in (Verdict.UP, Verdict.DOWN)]
    main = [record for record in crew if not record.member.backup] or crew
    up = sum(map(_is_up, main))
    if not up and any(_is_up(record) for record in crew):
        return []  # this is the hour that backups are there for
    lacking = max(1, ceil(len(main) * rules.floor / 100)) - up
    down = sorted((record for record in (main if up else crew) if not _is_up(record)), key=_trust)
    why = f"{up} of {len(main)} look well, {rules.floor} % must serve"
    return [(record, f"{record.answer} ({record.bad} in a row), but {why}") for record in down[: max(0, lacking)]]


def _trust(record: Record) -> tuple[bool, bool, bool, str]:
    """Who serves already stays, so that nobody changes places; who answers at all is better than who is silent."""
    return not record.serves, not record.heard, record.member.backup, str(record.member.place)


def _last_resort(known: list[Record], up: list[Record], rules: Rules) -> list[tuple[Record, str]]:
    """Backends that leave and still answer, while no other looks well: they serve better than nobody."""
    if up:
        return []
    alive = [record for record in known if record.leaves and record.admitted and _answers(record, rules)]
    return [(record, f"{_wish(record)}, but no other looks well") for record in alive]


def _answers(record: Record, rules: Rules) -> bool:
    return record.verdict is not Verdict.DOWN and record.bad < rules.fall


def _wish(record: Record) -> str:
    return "no source names it any more" if record.left else "it answers that it drains"
