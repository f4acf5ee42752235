"""One backend as nginx is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..given import ConfigurationError, Given
from ..members import HEAVIEST, NAME, Member, Place


@dataclass(frozen=True, slots=True)
class Entry:
    """`since` is when it came into service; its weight grows from then on for `slow_start` seconds."""

    name: str
    place: Place
    weight: int
    backup: bool
    since: float
    slow_start: int

    @property
    def member(self) -> Member:
        return Member(self.name, self.place, self.weight, self.backup)


def as_document(generation: int, entries: tuple[Entry, ...]) -> dict[str, Any]:
    return {"generation": generation, "members": [_plain(entry) for entry in entries]}


def _plain(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "address": entry.place.address,
        "port": entry.place.port,
        "weight": entry.weight,
        "backup": entry.backup,
        "since": entry.since,
        "slow_start": entry.slow_start,
    }


def from_document(data: object) -> tuple[int, tuple[Entry, ...]]:
    """Raises ConfigurationError for whatever nginx would refuse too."""
    given = Given(data, "members.json")
    entries = tuple(_entry(part) for part in given.parts("members"))
    if len({entry.place for entry in entries}) < len(entries):
        raise ConfigurationError("members.json names a place twice")
    return given.whole("generation", 0, 2**53), entries


def _entry(given: Given) -> Entry:
    name, since = given.text("name"), given.value("since", 0)
    if not NAME.fullmatch(name):
        raise ConfigurationError(f"members.json: {name!r:.80} is no member's name")
    if isinstance(since, bool) or not isinstance(since, int | float) or not 0 <= since < 2**40:
        raise ConfigurationError(f"members.json: since must be seconds of the epoch, not {since!r:.80}")
    place = Place(given.address("address"), given.whole("port", 1, 65535))
    weight, slow_start = given.whole("weight", 1, HEAVIEST, 100), given.whole("slow_start", 0, 3600, 0)
    return Entry(name, place, weight, given.switch("backup", False), float(since), slow_start)
