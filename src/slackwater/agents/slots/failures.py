"""What can go wrong on a VM, as one sentence for the operator and as a note that the next status shows."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from ..files import write_whole
from .layout import Layout


class SlotsError(Exception):
    """A sentence that says what is wrong and where."""


FAILURES = (SlotsError, OSError, subprocess.CalledProcessError, subprocess.TimeoutExpired)


def sentence(error: BaseException) -> str:
    match error:
        case subprocess.CalledProcessError():
            return f"{_line(error.cmd)} failed with {error.returncode}: {error.stderr}"
        case subprocess.TimeoutExpired():
            return f"{_line(error.cmd)} was not done after {error.timeout:.0f} s"
    return str(error)


def _line(words: object) -> str:
    return " ".join(map(str, words)) if isinstance(words, list | tuple) else str(words)


@contextmanager
def noted(layout: Layout, step: str, *, slot: str | None = None, release: str | None = None) -> Iterator[None]:
    """Keeps a failure of `step` on disk until a switch succeeds. A full disk keeps none, and must not hide it."""
    try:
        yield
    except FAILURES as error:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        note = {"at": at, "slot": slot, "release": release, "step": step, "message": sentence(error)}
        with suppress(OSError):
            write_whole(layout.last_error, json.dumps(note) + "\n", 0o600)
        raise
