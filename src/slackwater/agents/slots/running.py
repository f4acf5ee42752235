"""Slots as they run: started, waited for until they are idle, stopped."""

from __future__ import annotations

import time
from typing import Any

from ..files import point
from . import probe, standby, systemd, workers
from .failures import SlotsError
from .layout import Layout, target

PAUSE = 0.1
OUT = "out of service: `slackwater status` says why; where an operator asked for it, `slackwater undrain` puts it back"


class SwitchError(SlotsError):
    """The slot could not be switched to; the one that was live still is."""


def facts(layout: Layout, slot: str) -> dict[str, Any]:
    try:
        return layout.facts_of(slot)
    except FileNotFoundError:
        known = ", ".join(layout.slots()) or "none"
        raise SwitchError(f"{layout.app} has no slot {slot} on this host, only: {known}; converge this host") from None


def check_in_service(layout: Layout, slot: str) -> None:
    """Raises SwitchError on a worker host that is out: whatever is started there nobody would stop any more."""
    if layout.is_worker and layout.is_drained:
        raise SwitchError(f"{slot} was not started, this host is {OUT}")


def served(layout: Layout) -> str | None:
    """The live slot; the one that nginx is on when somebody removed the link that says so."""
    reached = target(layout.socket)
    return layout.live_slot() or (reached and reached.removesuffix(".sock"))


def running(layout: Layout) -> set[str]:
    """Slots of which a unit runs or tries to; a beat that was left alone would go on beside another."""
    patterns = [layout.unit("*", "*"), *([layout.beat("*")] if layout.is_worker else [])]
    units = [unit for pattern in patterns for unit in systemd.active_units(pattern)]
    return {unit.split("@", 1)[1].rpartition(".")[0] for unit in units}


def serve(layout: Layout, slot: str) -> None:
    """Brings the live slot back before anything is asked of it: a dependency that is down must not stop that."""
    if layout.is_worker:
        workers.serve(layout, slot)
        return
    if systemd.active(layout.unit(slot, "socket")) and not probe.listening(layout.slot_socket(slot)):
        stop(layout, slot)  # its file is gone, and systemd makes no new one while the service runs
    systemd.systemctl("start", layout.unit(slot, "socket"))
    point(layout.socket, layout.slot_socket(slot).name)
    systemd.systemctl("start", "--no-block", layout.unit(slot, "service"))


def stop_others(layout: Layout, *kept: str | None) -> None:
    """Every slot but those that are kept, once it is idle: a request that began on it ends on it."""
    others = sorted(running(layout) - set(kept))
    live = layout.live_slot()
    if live and target(layout.socket) in {layout.slot_socket(other).name for other in others}:
        serve(layout, live)  # a switch that died half-way left nginx on a slot that is about to be stopped
    for other in others:
        await_idle(layout, other)
        stop(layout, other)


def await_idle(layout: Layout, slot: str) -> None:
    """Waits for the slot's connections to end, bounded by what its longest honest request may still take."""
    deadline = time.monotonic() + _time_of(layout, slot, "idle_timeout")
    while time.monotonic() < deadline and probe.connections(layout.slot_socket(slot)):
        time.sleep(PAUSE)


def stop(layout: Layout, slot: str) -> None:
    """Socket and service in one go: after one of them alone a connection could start the service again."""
    units = layout.units_of(slot)
    limit = _time_of(layout, slot, "stop_timeout") + systemd.START_TIMEOUT
    systemd.systemctl("stop", *units, timeout=limit)
    systemd.forget_failure(*units)
    layout.slot_socket(slot).unlink(missing_ok=True)
    if standby.waiting(layout) == slot:
        standby.end(layout)


def _time_of(layout: Layout, slot: str, name: str) -> float:
    """Seconds, from the slot's own facts; a slot whose settings somebody removed gets the time of an idle one."""
    return float(layout.facts_of(slot)[name]) if slot in layout.slots() else 0.0
