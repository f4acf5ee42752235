"""Finds the live slot again after a boot: `/run` is empty then, and `current` on disk is the one truth."""

from __future__ import annotations

from . import systemd
from .layout import Layout, point


def boot(layout: Layout) -> str | None:
    """Starts the slot that `current` names and points nginx's socket to it; None when nothing was ever live."""
    slot = layout.live_slot()
    if slot is None:
        return None
    systemd.systemctl("start", layout.unit(slot, "socket"))
    point(layout.socket, layout.slot_socket(slot).name)
    systemd.systemctl("start", "--no-block", layout.unit(slot, "service"))
    return slot
