"""The change of a fleet that is under way: who makes it, from where to where; one at a time."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from slackwater.changes.owner import Owner, me
from slackwater.errors import RolloutError
from slackwater.release.store import Files

Kind = Literal["rollout", "rollback"]
Wish = Literal["go", "pause", "cancel"]

SILENT_AFTER = 60
"""Seconds: whoever works says so every few seconds, so a longer silence is a machine that is off or cut off."""
ATTEMPTS = 20
"""Writes that may meet another's before this is called a fault of the store."""


class TakenOverError(RolloutError):
    """Somebody else changes the fleet now: whoever meets this must touch nothing more."""


@dataclass(frozen=True)
class Change:
    """`origin` was proved when it began: where everything goes back to. Times are UTC, ISO 8601."""

    kind: Kind
    release: str
    origin: str | None
    owner: Owner
    token: str
    since: str
    seen: str
    wish: Wish = "go"
    step: str = ""

    def is_dead(self) -> bool:
        """Nobody works on it any more, as far as can be known from here."""
        return self.owner.is_gone() or self.silence() > SILENT_AFTER

    def silence(self) -> int:
        """Seconds since it last gave a sign of life."""
        return int((datetime.now(UTC) - datetime.fromisoformat(self.seen)).total_seconds())

    def __str__(self) -> str:
        to = f"a {self.kind} to {self.release} by {self.owner}, since {self.since}"
        return f"{to}, last sign of life {self.silence()} s ago" + (f", at: {self.step}" if self.step else "")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class Changes:
    """The record of one app in one fleet."""

    def __init__(self, files: Files, app: str, fleet: str) -> None:
        self.files, self.key = files, f"{app}/changes/{fleet}.json"

    def current(self) -> Change | None:
        found = self.files.read(self.key)
        return None if found is None else self._parsed(found)

    def begin(self, kind: Kind, release: str, origin: str | None, *, steal: bool = False) -> Change:
        """Takes the fleet; one that a killed run of this machine left is taken over.

        Raises RolloutError, naming who has it and since when.
        """
        mine = Change(kind, release, origin, me(), secrets.token_hex(8), now(), now())
        for _ in range(ATTEMPTS):
            found = self.files.read(self.key)
            if found is None:
                if self.files.create(self.key, _bytes(mine)):
                    return mine
                continue
            there = self._parsed(found)
            if not (steal or there.owner.is_gone()):
                raise RolloutError(_held(there))
            if self.files.replace(self.key, found, _bytes(mine)):
                return mine
        raise RolloutError(f"{self.files.name}: {self.key} is written by others all the time")

    def refresh(self, mine: Change, **fields: Any) -> Change:
        """A sign of life; what comes back has the others' wishes in it. Raises TakenOverError when it was stolen."""
        return self._update(mine.token, seen=now(), **fields)

    def ask(self, wish: Wish) -> Change:
        """Tells whoever works to pause, to go on or to cancel. Raises RolloutError when nobody is there to hear it."""
        there = self.current()
        if there is None or there.kind != "rollout":
            raise RolloutError("no rollout is under way in this fleet: there is nothing to pause, resume or cancel")
        if there.is_dead():
            raise RolloutError(f"nobody hears it: {there}. Type the same rollout again, or `slackwater rollback`")
        return self._update(there.token, wish=wish)

    def end(self, mine: Change) -> None:
        """Only our own: a record that somebody stole is theirs to remove."""
        for _ in range(ATTEMPTS):
            found = self.files.read(self.key)
            if found is None or self._parsed(found).token != mine.token or self.files.remove(self.key, found):
                return

    def _update(self, token: str, **fields: Any) -> Change:
        for _ in range(ATTEMPTS):
            found = self.files.read(self.key)
            there = None if found is None else self._parsed(found)
            if found is None or there is None or there.token != token:
                by = f"taken over: {there}" if there else "its record is gone"
                raise TakenOverError(f"this change of the fleet is no longer ours ({by}); nothing more was changed")
            after = replace(there, **fields)
            if self.files.replace(self.key, found, _bytes(after)):
                return after
        raise RolloutError(f"{self.files.name}: {self.key} is written by others all the time")

    def _parsed(self, found: bytes) -> Change:
        try:
            record = json.loads(found)
            return Change(**{**record, "owner": Owner(**record["owner"])})
        except (ValueError, KeyError, TypeError) as error:
            raise RolloutError(
                f"{self.files.name}: {self.key} is not the record of a change ({error}): look at it, then remove it"
            ) from error


def _bytes(change: Change) -> bytes:
    return (json.dumps(asdict(change), indent=2) + "\n").encode()


def _held(there: Change) -> str:
    dead = " It has been silent for long: if it is dead, take its place with --steal." if there.is_dead() else ""
    return f"somebody else changes this fleet: {there}.{dead} Nothing was changed"
