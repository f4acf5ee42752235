"""Finds the live slot again after a boot: `/run` is empty then, and `current` on disk is the one truth."""

from __future__ import annotations

import sys

from .credentials import BOOT_PATIENCE, missing, provide
from .layout import Layout
from .locks import lock
from .running import SwitchError, serve


def boot(layout: Layout) -> str | None:
    """Starts the slot that `current` names and points nginx's socket to it; None when nothing was ever live.

    Raises SwitchError when a release is live but its settings are gone.
    """
    with lock(layout, "switch"):
        release, slot = layout.live_release(), layout.live_slot()
        if release and not slot:
            raise SwitchError(
                f"{layout.current} names {release}, but {layout.slot_of(release)} is gone: converge this host"
            )
        if slot:
            _provide(layout, slot)
            serve(layout, slot)
        return slot


def _provide(layout: Layout, slot: str) -> None:
    """Newer secrets where there are any: what it was given before is on disk, and it serves with that."""
    try:
        provide(layout, slot, BOOT_PATIENCE)
    except Exception as error:
        if missing(layout, slot):
            raise
        print(f"{slot} keeps the secrets that it has: {type(error).__name__}: {error}", file=sys.stderr)
