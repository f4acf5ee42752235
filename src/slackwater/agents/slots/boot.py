"""Finds the live slot again after a boot: `/run` is empty then, and `current` on disk is the one truth."""

from __future__ import annotations

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
            serve(layout, slot)
        return slot
