"""Who was there at the last reading: `.slackwater/inventory-<environment>.json`, for lint and dry runs without AWS."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from slackwater.inventory.member import Member

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True)
class Known:
    """`read_at` is in seconds since 1970."""

    members: tuple[Member, ...]
    read_at: float

    def age(self) -> str:
        seconds = max(0.0, time.time() - self.read_at)
        for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
            if seconds >= unit:
                count = int(seconds // unit)
                return f"{count} {name}{'s' * (count != 1)} ago"
        return "less than a minute ago"


@dataclass(frozen=True)
class Cache:
    """One file an environment; what it says of one group does not touch what it says of another."""

    path: Path

    @classmethod
    def of(cls, environment: str, project: Path) -> Cache:
        return cls(project / ".slackwater" / f"inventory-{environment}.json")

    def read(self, place: str, names: Sequence[str]) -> Known | None:
        """What was known of all these groups, as old as the oldest of them; None when one is missing or unreadable."""
        entries = [self._entries().get(f"{place}/{name}") for name in names]
        try:
            found = [Known(tuple(map(_member, entry["members"])), entry["read_at"]) for entry in entries if entry]
        except (TypeError, LookupError):
            return None
        if not found or len(found) < len(names):
            return None
        return Known(tuple(member for one in found for member in one.members), min(one.read_at for one in found))

    def write(self, place: str, names: Sequence[str], members: Sequence[Member]) -> None:
        """A group without members gets an empty list: at the addresses of its old one are strangers by now.

        A project that cannot be written to must not fail for it: the next run asks AWS again.
        """
        entries = self._entries()
        for name in names:
            mine = [asdict(member) for member in members if member.scaling_group == name]
            entries[f"{place}/{name}"] = {"read_at": time.time(), "members": mine}
        with suppress(OSError):
            self._replace(json.dumps(entries, indent=2) + "\n")

    def _entries(self) -> dict[str, Any]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _replace(self, text: str) -> None:
        """Whole or not at all, and nobody else's to read: it says where a fleet is."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        with NamedTemporaryFile("w", dir=self.path.parent, prefix=self.path.name, delete=False) as file:
            file.write(text)
        os.replace(file.name, self.path)  # noqa: PTH105 - a temporary file is made with mode 0600


def _member(entry: dict[str, Any]) -> Member:
    return Member(**{**entry, "groups": tuple(entry["groups"])})
