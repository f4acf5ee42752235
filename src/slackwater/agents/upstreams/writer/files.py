"""What lies on disk: the last good membership for nginx's next start, and every place that may have connections."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from ...files import write_whole
from ..given import ConfigurationError
from ..members import HEAVIEST, Member, is_whole
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
    write_whole(path, json.dumps(as_document(generation, entries)) + "\n")


def write_known(path: Path, members: Iterable[Member]) -> None:
    """Beside the members: whoever is asked to cut a connection looks here, too, whether the place is one of ours.

    The weights are those that members have when they are ready; nginx's list has what they get just now.
    """
    weights = {str(member.place): member.weight for member in members}
    known = {"places": sorted(weights), "weights": weights}
    write_whole(path.with_name("known.json"), json.dumps(known) + "\n")


def read_weights(path: Path) -> dict[str, int]:
    """By place; nobody's when the file is not there or broken: nginx's list has weights to begin with."""
    try:
        data = json.loads(path.with_name("known.json").read_text())
    except (OSError, ValueError):
        return {}
    weights = data.get("weights") if isinstance(data, dict) else None
    if not isinstance(weights, dict):
        return {}
    return {place: weight for place, weight in weights.items() if is_whole(weight, 1, HEAVIEST)}
