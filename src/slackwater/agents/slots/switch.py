"""Start the new slot, prove it, rename, wait for the old one to be idle, stop it or keep it for a while."""

from __future__ import annotations

from typing import Literal

from ..files import point, write_whole
from . import standby, systemd, workers
from .credentials import provide
from .layout import Layout, target
from .locks import lock
from .proof import prove
from .prune import prune, remove_slot, surplus
from .releases import publish
from .running import SwitchError, check_in_service, facts, running, serve, served, stop_others


def switch(layout: Layout, slot: str, seconds: float = 0) -> None:
    """Makes `slot` live; the one it replaces runs on for `seconds`.

    Raises SwitchError when it does not become ready; nobody has met it then.
    """
    with lock(layout, "switch"):
        _switch(layout, slot, seconds)


def back(layout: Layout, release: str) -> None:
    """Makes that slot live with which `release` was last proved.

    It must be live, and not ready: a database's bad day is no reason to stay on a release that was to be left.
    """
    with lock(layout, "switch"):
        if release not in layout.proved():
            there = ", ".join(layout.proved()) or "none"
            raise SwitchError(f"{layout.app} cannot go back to {release} on this host, only to: {there}")
        _switch(layout, str(target(layout.slot_of(release))), 0, "live")


def settle(layout: Layout, *, expired: bool = False, proved: str | None = None) -> None:
    """Stops what is not live; only if no slot is kept for a while, when the timer asks. Notes what is proved."""
    with lock(layout, "switch"):
        if proved:
            write_whole(layout.proved_mark, f"{proved}\n")
        live = layout.live_slot()
        if live is None or (expired and standby.waiting(layout)):
            return
        others = running(layout) - {live}
        standby.end(layout)
        standby.stop_timers(layout)
        stop_others(layout, live)
        # Not all that is surplus: what a switch is about to be asked for has not been proved yet.
        for slot in others & set(surplus(layout)[1]):
            remove_slot(layout, slot)


def _switch(layout: Layout, slot: str, seconds: float, question: Literal["live", "ready"] = "ready") -> None:
    told, live = facts(layout, slot), layout.live_slot()
    check_in_service(layout, slot)
    publish(layout, told["release"], told["public"])
    provide(layout, slot)
    systemd.systemctl("daemon-reload")
    if slot == live:
        serve(layout, slot)
    else:
        stop_others(layout, slot, served(layout))  # at most two run: memory was reckoned for two
    prove(layout, slot, told, question)
    if not layout.is_worker:
        point(layout.socket, layout.slot_socket(slot).name)
    if slot != live:
        record(layout, slot, told["release"])
        # Two slots that consume are no way back: tasks of the new release would go to the old one's processes.
        _replace(layout, live, 0 if layout.is_worker else seconds)
    if layout.is_worker:
        workers.move_beat(layout, slot)
    stop_others(layout, slot, standby.waiting(layout))
    prune(layout)
    layout.last_error.unlink(missing_ok=True)


def _replace(layout: Layout, replaced: str | None, seconds: float) -> None:
    standby.end(layout)
    if replaced and seconds:
        standby.begin(layout, replaced, seconds)


def record(layout: Layout, slot: str, release: str) -> None:
    """Writes down what is live, `current` last: a boot before that finds the old slot, whole."""
    layout.slot_of(release).parent.mkdir(mode=0o755, exist_ok=True)
    point(layout.slot_of(release), f"../{slot}")
    point(layout.current, f"releases/{release}")
