"""What lies on disk: the last good membership for nginx's next start, and every place that may have connections."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from ..given import ConfigurationError
from ..members import Place
from ..words import Log, printable
from .entry import Entry, as_document, from_document


def read_members(path: Path, log: Log) -> tuple[int, tuple[Entry, ...]]:
    """Generation and members; nobody when there is no file yet, and when it is broken, which is said."""
    try:
        return from_document(json.loads(path.read_text()))
    except FileNotFoundError:
        return 0, ()
    except (OSError, ValueError, ConfigurationError) as error:
        log(f"{path} is not used: {printable(error)}")
        return 0, ()


def write_members(path: Path, generation: int, entries: tuple[Entry, ...]) -> None:
    _write_whole(path, json.dumps(as_document(generation, entries)) + "\n")


def write_known(path: Path, places: Iterable[Place]) -> None:
    """Beside the members: whoever is asked to cut a connection looks here, too, whether the place is one of ours."""
    known = sorted(map(str, places))
    _write_whole(path.with_name("known.json"), json.dumps({"places": known}) + "\n")


def _write_whole(path: Path, text: str) -> None:
    """Nobody finds half of it, not even after a power cut."""
    new = path.with_name(f".{path.name}.new")
    with new.open("w") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
