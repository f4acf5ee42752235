"""The members of all sources together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..members import Member, Place


def union(sources: Sequence[tuple[Member, ...] | None], known: Iterable[Member]) -> tuple[Member, ...]:
    """Each place and each name once, the earlier source first.

    While a source has not said anything yet, whoever was known before stays: it may be that source's member. The
    same when all of them together name nobody.
    """
    said = [member for members in sources for member in members or ()]
    if not said or any(members is None for members in sources):
        said += known
    places: set[Place] = set()
    names: set[str] = set()
    members = []
    for member in said:
        if member.place not in places and member.name not in names:
            members.append(member)
        places.add(member.place)
        names.add(member.name)
    return tuple(members)
