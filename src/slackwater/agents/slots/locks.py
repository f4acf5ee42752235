"""One change of an app at a time on this VM: two switches would stop each other's slots."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .failures import SlotsError
from .layout import Layout

LOCK_TIMEOUT = 900.0
"""Seconds to wait for another install, switch or hook of this app: each is bounded itself, most by far less."""
PAUSE = 0.1


class LockError(SlotsError):
    """Another change of the app took too long; nothing was done."""


@contextmanager
def lock_if_free(layout: Layout, what: str) -> Iterator[bool]:
    """For what may as well be done another time."""
    with _path(layout, what).open("w") as file:
        yield _taken(file.fileno())


@contextmanager
def lock(layout: Layout, what: str) -> Iterator[None]:
    """`what` is "install" or "switch". Held by the process, so that the kernel frees it when that is killed."""
    path = _path(layout, what)
    deadline = time.monotonic() + LOCK_TIMEOUT
    with path.open("w") as file:
        while not _taken(file.fileno()):
            if time.monotonic() > deadline:
                raise LockError(f"another {what} of {layout.app} has held {path} for {LOCK_TIMEOUT:.0f} s")
            time.sleep(PAUSE)
        yield


def _path(layout: Layout, what: str) -> Path:
    return layout.run.parent / f"{layout.app}.{what}.lock"


def _taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
