"""What the agent writes: the leave, which a reboot finds again, and how it stands, for whoever looks."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..files import write_whole
from .leave import Leave, Stamp, read
from .told import Told


def boot_id(run: Path) -> str:
    """Made once a boot, below /run: the kernel's own is another machine's in a sandbox in a container."""
    marker = run / "boot"
    if not marker.exists():
        write_whole(marker, f"{os.urandom(16).hex()}\n", lasting=False)
    return marker.read_text().strip()


def stamp(now: float, boot: str) -> Stamp:
    return Stamp(now, time.clock_gettime(time.CLOCK_BOOTTIME), boot)


def load(told: Told, now: Stamp) -> Leave:
    """A file that is not there or cannot be read begins anew: causes that stand are read again in a moment."""
    try:
        return read(kept(told) or {}, now.wall, now.boot, now.up)
    except (ValueError, LookupError, TypeError, AttributeError):
        return Leave()


def keep(told: Told, leave: Leave, now: Stamp) -> None:
    """On the disk when it returns. Raises OSError; then it is at least where hooks and the next agent find it."""
    text = json.dumps(leave.as_json(now)) + "\n"
    try:
        write_whole(told.leave, text)
    except OSError:
        write_whole(told.spare, text, lasting=False)
        raise
    told.spare.unlink(missing_ok=True)


def kept(told: Told) -> Mapping[str, Any] | None:
    """The leave as it was written last. None when there is none, or it is none."""
    return document(told.spare) or document(told.leave)


def document(path: Path) -> Mapping[str, Any] | None:
    """None when there is none, or it is none."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
