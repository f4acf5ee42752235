"""What the agent writes: the leave, which a reboot finds again, and how it stands, for whoever looks."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..files import write_whole
from .leave import Leave, read


def boot_id(run: Path) -> str:
    """Made once a boot, below /run: the kernel's own is another machine's in a sandbox in a container."""
    marker = run / "boot"
    if not marker.exists():
        write_whole(marker, f"{os.urandom(16).hex()}\n", lasting=False)
    return marker.read_text().strip()


def load(path: Path, now: float, boot: str) -> Leave:
    """A file that is not there or cannot be read begins anew: causes that stand are read again in a moment."""
    try:
        return read(json.loads(path.read_text()), now, boot)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return Leave()


def keep(path: Path, leave: Leave) -> None:
    """On the disk when it returns. Raises OSError."""
    write_whole(path, json.dumps(leave.as_json()) + "\n")


def document(path: Path) -> Mapping[str, Any] | None:
    """None when there is none, or it is none."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
