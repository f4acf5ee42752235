"""What share of the requests those who serve are to get: weights by readiness, and the ramp after a return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..configuration import Rules
from ..members import Place
from .record import Record

RAMP_BEGINS = 0.1
"""Share of its weight that a backend has when it comes back: enough to warm up, too little to be hurt."""


def weights(records: Iterable[Record], rules: Rules) -> dict[Place, int]:
    """Of those who serve. When all of them say that they are not ready, what they wait for is down: all are equal."""
    serving = [record for record in records if record.serves]
    some_ready = any(record.ready is not False for record in serving)
    return {record.member.place: _weight(record, rules, some_ready=some_ready) for record in serving}


def _weight(record: Record, rules: Rules, *, some_ready: bool) -> int:
    full = record.member.weight
    lowered = record.ready is False and some_ready
    return max(1, round(full * rules.ready_floor / 100)) if lowered else full


def ramps(serving: Mapping[Place, float], slow_start: float, now: float) -> dict[Place, float]:
    """What nginx makes of the weights, by when each came in: 0.1 to 1. When all would be in their ramp, none is."""
    shares = {place: _ramp(since, slow_start, now) for place, since in serving.items()}
    return shares if any(share >= 1 for share in shares.values()) else dict.fromkeys(shares, 1.0)


def _ramp(since: float, slow_start: float, now: float) -> float:
    """A clock that was set back must not keep anybody at a tenth until it has caught up: no ramp in the future."""
    if not slow_start or not since or since > now:
        return 1.0
    grown = (now - since) / slow_start
    return min(1.0, RAMP_BEGINS + (1 - RAMP_BEGINS) * grown)
