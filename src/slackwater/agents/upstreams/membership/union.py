"""The members of all sources together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ..members import Member, Place


def union(
    sources: Sequence[tuple[Member, ...] | None], known: Iterable[Member], leaving: Collection[Place] = ()
) -> tuple[Member, ...]:
    """Each place and each name once, the earlier source first; who is `leaving` is out, whoever else names it.

    While a source has not said anything yet, whoever was known before stays: it may be that source's member. The
    same when all of them together name nobody.
    """
    said = [member for members in sources for member in members or () if member.place not in leaving]
    if not said or any(members is None for members in sources):
        said += [member for member in known if member.place not in leaving]
    places: set[Place] = set()
    names: set[str] = set()
    members = []
    for member in said:
        if member.place not in places and member.name not in names:
            members.append(member)
        places.add(member.place)
        names.add(member.name)
    return tuple(members)
