"""What one look at a source says, and what of it is believed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from ..members import Member, Place

IN_A_ROW = 3
"""Looks that must say the same before half of a fleet is believed to be gone: one answer may come from a cloud's bad
minute, three are a change."""


class SourceError(Exception):
    """A look that failed; says why in one sentence."""


@dataclass(frozen=True)
class Reading:
    """`leaving` are places of which the source says itself that they go: no loss, but news."""

    members: tuple[Member, ...]
    leaving: frozenset[Place] = frozenset()

    @property
    def places(self) -> frozenset[Place]:
        return frozenset(member.place for member in self.members)


@dataclass(frozen=True)
class Believed:
    """`members` is None until the first look that said something. `doubted` were missing `seen` times in a row;
    `leaving` is what the last look said of it."""

    members: tuple[Member, ...] | None = None
    doubted: frozenset[Place] | None = None
    seen: int = 0
    remark: str = ""
    leaving: frozenset[Place] = frozenset()


def believe(now: Believed, reading: Reading) -> Believed:
    """A look that misses half of the members or more is believed when it stays so; one that is empty never is.

    Who is said to leave is not missed: a group that shrinks to nothing has announced each of its instances. Who is new
    is taken in at once, else replacements that come one by one would have to wait for the last of them.
    """
    known, leaving = now.members or (), reading.leaving - reading.places
    kept = _without(known, leaving)
    lost = frozenset(member.place for member in kept) - reading.places
    again = now.doubted is not None and now.doubted <= lost
    doubted, seen = (now.doubted or lost, now.seen + 1) if again else (lost, 1)
    if not reading.members and (lost or (now.members is None and seen < IN_A_ROW)):
        remark = f"answered without a member: {len(kept)} kept"
        return Believed(now.members and kept, lost, seen, remark, leaving)
    if not lost or (seen == 1 and 2 * len(lost) < len(known)):
        return Believed(reading.members, leaving=leaving)
    if seen >= IN_A_ROW:
        return believe(Believed(_without(kept, doubted)), reading)
    remark = f"misses {len(lost)} of {len(known)} at once: kept until it has said so {IN_A_ROW} times in a row"
    return Believed(kept + _without(reading.members, {m.place for m in kept}), doubted, seen, remark, leaving)


def _without(members: tuple[Member, ...], places: Collection[Place]) -> tuple[Member, ...]:
    return tuple(member for member in members if member.place not in places)


def failed(now: Believed) -> Believed:
    """A look that failed says nothing, and ends whatever was said in a row."""
    return replace(now, doubted=None, seen=0, remark="")
