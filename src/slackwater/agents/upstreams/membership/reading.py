"""What one look at a source says, and what of it is believed."""

from __future__ import annotations

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
    """`members` is None until the first look that said something. `doubted` was said `seen` times in a row."""

    members: tuple[Member, ...] | None = None
    doubted: frozenset[Place] | None = None
    seen: int = 0
    remark: str = ""


def believe(now: Believed, reading: Reading) -> Believed:
    """A look that misses half of the members or more is believed when it stays so; one that is empty never is.

    Who is said to leave is not missed: a group that shrinks to nothing has announced each of its instances.
    """
    known = now.members or ()
    kept = tuple(member for member in known if member.place not in reading.leaving)
    lost = {member.place for member in kept} - reading.places
    seen = now.seen + 1 if reading.places == now.doubted else 1
    if not reading.members and (lost or (now.members is None and seen < IN_A_ROW)):
        return Believed(now.members and kept, reading.places, seen, f"answered without a member: {len(kept)} kept")
    if lost and 2 * len(lost) >= len(known) and seen < IN_A_ROW:
        remark = f"misses {len(lost)} of {len(known)} at once: kept until it has said so {IN_A_ROW} times in a row"
        return Believed(kept, reading.places, seen, remark)
    return Believed(reading.members)


def failed(now: Believed) -> Believed:
    """A look that failed says nothing, and ends whatever was said in a row."""
    return replace(now, doubted=None, seen=0, remark="")
