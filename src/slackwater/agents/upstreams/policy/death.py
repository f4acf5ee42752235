"""Who has died: out of service, and gone without a word."""

from __future__ import annotations

from ..configuration import Rules
from ..members import Place
from .fleet import Fleet
from .record import Record, State

OUT = (State.DOWN, State.DRAINING)


def deaths(before: Fleet, after: Fleet, rules: Rules) -> list[Place]:
    """Requests that wait there wait in vain, also with one that drained and was ended before it had finished. Who
    answers, be it 502, may still answer those, too. Who refuses is not dead either: a host that shuts down in order
    does, while its nginx finishes what it has, and a kernel without that process has ended its connections itself. One
    silent answer may be a lost packet: as many unheard in a row are needed as take a backend out."""
    if after is before:
        return []
    dead = (place for place, record in after.records.items() if _is_dead(record, rules))
    return [place for place in dead if place not in before.records or not _is_dead(before.records[place], rules)]


def _is_dead(record: Record, rules: Rules) -> bool:
    return record.state in OUT and record.unheard >= rules.fall and bool(record.silent)
