"""Disk space: the newest releases stay, and of their settings the slot each was proved with."""

from __future__ import annotations

import shutil

from . import systemd
from .layout import Layout, target

KEPT = 5


def surplus(layout: Layout) -> tuple[list[str], list[str]]:
    """Releases and slots that may go: none that is live, running, or among the newest."""
    live = layout.live_release()
    old = [release for release in layout.releases() if release != live][: -(KEPT - 1)]
    kept = {target(layout.slot_of(release)) for release in layout.releases() if release not in old}
    return old, [slot for slot in layout.slots() if slot not in kept]


def prune(layout: Layout) -> None:
    releases, slots = surplus(layout)
    for slot in slots:
        remove_slot(layout, slot)
    for release in releases:
        layout.slot_of(release).unlink(missing_ok=True)
        shutil.rmtree(layout.release(release))


def remove_slot(layout: Layout, slot: str) -> None:
    """slot.json goes last: what is left of an interrupted removal is still listed, and removed next time."""
    for kind in ("service", "socket"):
        (layout.units / layout.unit(slot, kind)).unlink(missing_ok=True)
    folder = layout.settings / slot
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "slot.json":
            path.unlink()
    shutil.rmtree(folder)


def retire(layout: Layout) -> None:
    """Takes an app off the VM once another has its place: units, sockets and settings; its data stay."""
    boot = f"slackwater-{layout.app}.service"
    systemd.systemctl("disable", "--now", "--quiet", boot)
    units = systemd.active_units(layout.unit("*", "*"))
    for unit in sorted(units, key=lambda unit: not unit.endswith(".socket")):
        systemd.systemctl("stop", unit, timeout=600)
    for slot in layout.slots():
        remove_slot(layout, slot)
    shutil.rmtree(layout.settings, ignore_errors=True)
    shutil.rmtree(layout.run, ignore_errors=True)
    (layout.root / f"etc/tmpfiles.d/slackwater-{layout.app}.conf").unlink(missing_ok=True)
    (layout.units / boot).unlink(missing_ok=True)
    systemd.systemctl("daemon-reload")
