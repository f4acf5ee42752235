"""One build of an app at a time."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from slackwater.release.store._atomic import PARTIAL

ABANDONED_AFTER = 86_400
"""Seconds: what is younger may be a file that another process writes just now."""


@contextmanager
def held(place: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Two builds at once would resolve the same dependencies twice. The kernel frees a dead one's."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        _sweep(place)
        yield


def _sweep(place: Path) -> None:
    for left in list(place.rglob(f".*{PARTIAL}")):
        if left.exists() and time.time() - left.stat().st_mtime > ABANDONED_AFTER:
            shutil.rmtree(left) if left.is_dir() else left.unlink()
