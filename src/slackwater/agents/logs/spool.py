"""What is on its way: one packet at a time lies on the disk until it has arrived, so that a kill neither loses nor
doubles it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..files import sync_folder, write_whole
from .packet import Packet, Position, position

LOOK = 0.1
"""Seconds between two looks whether another run has ended."""


class BusyError(Exception):
    """Another run is at it."""


@dataclass(frozen=True)
class Parcel:
    """A packet under the name that it has for good."""

    key: str
    body: bytes
    after: Position


class Spool:
    """Every method raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._position, self._body, self._note = (folder / name for name in ("position.json", "body.gz", "parcel.json"))
        self._folder = folder

    @contextmanager
    def held(self, deadline: float) -> Iterator[None]:
        """By one run at a time. Raises BusyError at the deadline, which is on time.monotonic()."""
        with (self._folder / "lock").open("w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() >= deadline:
                        raise BusyError("another run ships") from error
                time.sleep(LOOK)
            yield

    def position(self) -> Position:
        """Where nothing was shipped, or nobody can read what was, it begins with all that is there."""
        try:
            return position(json.loads(self._position.read_text()))
        except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError):
            return Position()

    def waiting(self) -> Parcel | None:
        """What the last run did not bring to its end."""
        try:
            note = json.loads(self._note.read_text())
            return Parcel(str(note["key"]), self._body.read_bytes(), position(note["after"]))
        except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError):
            return None

    def keep(self, packet: Packet, key: str) -> Parcel:
        """Its note last: a body without one is none."""
        parcel = Parcel(key, packet.body(), packet.after)
        new = self._body.with_suffix(".new")
        with new.open("wb") as file:
            file.write(parcel.body)
            file.flush()
            os.fsync(file.fileno())
        new.rename(self._body)
        write_whole(self._note, json.dumps({"key": key, "after": packet.after.as_json()}) + "\n", 0o600)
        return parcel

    def arrived(self, parcel: Parcel) -> None:
        write_whole(self._position, json.dumps(parcel.after.as_json()) + "\n", 0o600)
        self._note.unlink()
        self._body.unlink(missing_ok=True)
        sync_folder(self._folder)
