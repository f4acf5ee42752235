"""Start the new slot, prove it, rename, wait for the old one to be idle, stop it."""

from __future__ import annotations

import time
from typing import Any

from . import probe, systemd
from .layout import Layout, point, target
from .locks import lock
from .prune import prune
from .releases import publish

PAUSE = 0.1
CRASHES = 3
"""Restarts after which a slot is called broken, rather than awaited to the deadline."""


class SwitchError(Exception):
    """The slot could not be proved; the one that was live still is."""


def switch(layout: Layout, slot: str) -> None:
    """Makes `slot` live. Raises SwitchError when it does not become ready; nobody has met it then."""
    facts = layout.facts_of(slot)
    with lock(layout, "switch"):
        publish(layout, facts["release"], facts["public"])
        systemd.systemctl("daemon-reload")
        if slot == layout.live_slot():
            serve(layout, slot)
        prove(layout, slot, facts)
        point(layout.socket, layout.slot_socket(slot).name)
        record(layout, slot, facts["release"])
        stop_others(layout, slot)
        prune(layout)


def serve(layout: Layout, slot: str) -> None:
    """Brings the live slot back before anything is asked of it: a dependency that is down must not stop that."""
    if systemd.active(layout.unit(slot, "socket")) and not probe.listening(layout.slot_socket(slot)):
        stop(layout, slot)  # its file is gone, and systemd makes no new one while the service runs
    systemd.systemctl("start", layout.unit(slot, "socket"))
    point(layout.socket, layout.slot_socket(slot).name)
    systemd.systemctl("start", "--no-block", layout.unit(slot, "service"))


def prove(layout: Layout, slot: str, facts: dict[str, Any]) -> None:
    """Waits until the slot answers its ready path; stops it again when it does not, unless it is the live one."""
    service = layout.unit(slot, "service")
    systemd.systemctl("start", layout.unit(slot, "socket"))
    systemd.systemctl("start", "--no-block", service)
    answer = _await_ready(layout, slot, facts)
    if not answer:
        return
    said = systemd.last_lines(service)
    live = layout.live_slot()
    if slot == live:
        raise SwitchError(f"{slot} is live and not ready: {answer}\n{said}")
    if live and target(layout.socket) == layout.slot_socket(slot).name:
        serve(layout, live)  # a switch that died half-way left nginx on the slot that is about to be stopped
    stop(layout, slot)
    raise SwitchError(f"{slot} is not ready: {answer}\n{said}\n{slot} was not switched to")


def _await_ready(layout: Layout, slot: str, facts: dict[str, Any]) -> str:
    """Empty once the slot is ready, else its last answer."""
    deadline = time.monotonic() + facts["start_deadline"]
    restarts = _restarts(layout, slot)
    while True:
        answer = probe.ask(layout.slot_socket(slot), facts["ready"], facts["host"], facts["timeout"])
        if not answer:
            return ""
        if _restarts(layout, slot) - restarts >= CRASHES:
            return f"it crashed {CRASHES} times while starting"
        if time.monotonic() > deadline:
            return f"{answer}, for {facts['start_deadline']} s"
        time.sleep(PAUSE)


def _restarts(layout: Layout, slot: str) -> int:
    return int(systemd.show(layout.unit(slot, "service"), "NRestarts").get("NRestarts") or 0)


def record(layout: Layout, slot: str, release: str) -> None:
    """Writes down what is live, `current` last: a boot before that finds the old slot, whole."""
    layout.slot_of(release).parent.mkdir(mode=0o755, exist_ok=True)
    point(layout.slot_of(release), f"../{slot}")
    point(layout.current, f"releases/{release}")


def stop_others(layout: Layout, slot: str) -> None:
    """Every other slot, once it is idle: a request that began on it ends on it."""
    pattern = layout.unit("*", "*")
    names = {unit.split("@", 1)[1].rpartition(".")[0] for unit in systemd.active_units(pattern)}
    for other in sorted(names - {slot}):
        await_idle(layout, other)
        stop(layout, other)


def await_idle(layout: Layout, slot: str) -> None:
    """Waits for the slot's connections to end, bounded by what its longest honest request may still take."""
    deadline = time.monotonic() + _time_of(layout, slot, "idle_timeout")
    while time.monotonic() < deadline and probe.connections(layout.slot_socket(slot)):
        time.sleep(PAUSE)


def stop(layout: Layout, slot: str) -> None:
    """Socket and service in one go: after one of them alone a connection could start the service again."""
    units = (layout.unit(slot, "socket"), layout.unit(slot, "service"))
    limit = _time_of(layout, slot, "stop_timeout") + systemd.START_TIMEOUT
    systemd.systemctl("stop", *units, timeout=limit)
    systemd.forget_failure(*units)
    layout.slot_socket(slot).unlink(missing_ok=True)


def _time_of(layout: Layout, slot: str, name: str) -> float:
    """Seconds, from the slot's own facts; a slot whose settings somebody removed gets the time of an idle one."""
    return float(layout.facts_of(slot)[name]) if slot in layout.slots() else 0.0
