"""Disk space: the newest releases stay, and of their settings the slot each was proved with."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from ..files import unmark
from . import standby, systemd
from .environments import prune_environments
from .layout import MARKER, Layout, target
from .locks import lock_if_free

KEPT = 5
STOP_LIMIT = 120.0
"""Seconds for what a former app still does: nobody reaches it any more, and it must not keep the converge for ever."""
PAUSE = 0.2


def surplus(layout: Layout) -> tuple[list[str], list[str]]:
    """Releases and slots that may go: none that is live, kept running, or worth going back to."""
    old = by_worth(layout)[KEPT:]
    kept = {target(layout.slot_of(release)) for release in layout.releases() if release not in old}
    return old, [slot for slot in layout.slots() if slot not in kept | {standby.waiting(layout)}]


def by_worth(layout: Layout) -> list[str]:
    """What runs, the newest that was not tried yet, then by when they were last proved: failed ones push none out."""
    releases, proved = layout.releases(), layout.proved()
    untried = [release for release in releases if release not in proved]
    order = [layout.live_release(), standby.release(layout), *untried[-1:], *proved[::-1], *untried[::-1]]
    return [release for release in dict.fromkeys(order) if release in releases]


def prune(layout: Layout) -> None:
    releases, slots = surplus(layout)
    for slot in slots:
        remove_slot(layout, slot)
    for release in releases:
        layout.slot_of(release).unlink(missing_ok=True)
        unmark(layout.release(release) / MARKER)
        shutil.rmtree(layout.release(release))
    with lock_if_free(layout, "install") as free:
        if free:
            prune_environments(layout)


def remove_slot(layout: Layout, slot: str) -> None:
    """slot.json goes last: what is left of an interrupted removal is still listed, and removed next time."""
    for unit in layout.unit_files(slot):
        unit.unlink(missing_ok=True)
    folder = layout.settings / slot
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "slot.json":
            path.unlink()
    shutil.rmtree(folder)


def retire(layout: Layout) -> None:
    """Takes an app off the VM once another has its place: units, sockets and settings; its data stay.

    The settings go last: as long as they are there, an interrupted retirement is found and finished.
    """
    await_old_workers()
    boot = f"slackwater-{layout.app}.service"
    units = [boot, *(unit for pattern in layout.patterns() for unit in systemd.active_units(pattern))]
    systemd.systemctl("stop", *units, timeout=_stop_limit(layout))
    systemd.systemctl("disable", "--quiet", boot)
    for slot in layout.slots():
        remove_slot(layout, slot)
    for path in (layout.root / f"etc/tmpfiles.d/slackwater-{layout.app}.conf", layout.units / boot):
        path.unlink(missing_ok=True)
    systemd.systemctl("daemon-reload")
    shutil.rmtree(layout.run, ignore_errors=True)
    shutil.rmtree(layout.settings)


def _stop_limit(layout: Layout) -> float:
    """Tasks of workers go on: they get the time that was promised to them."""
    told = [float(layout.facts_of(slot)["stop_timeout"]) for slot in layout.slots()] if layout.is_worker else []
    return max([STOP_LIMIT, *(seconds + systemd.START_TIMEOUT for seconds in told)])


def await_old_workers(processes: Path = Path("/proc")) -> None:
    """Workers of nginx from before its reload still take requests to the old socket; bounded."""
    deadline = time.monotonic() + STOP_LIMIT
    while time.monotonic() < deadline and any(map(_is_leaving, processes.glob("[0-9]*/cmdline"))):
        time.sleep(PAUSE)


def _is_leaving(cmdline: Path) -> bool:
    try:
        return cmdline.read_bytes().startswith(b"nginx: worker process is shutting down")
    except OSError:  # it has just ended
        return False
