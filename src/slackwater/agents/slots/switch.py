"""Start the new slot, prove it, rename, wait for the old one to be idle, stop it."""

from __future__ import annotations

import time
from typing import Any

from . import probe, systemd
from .layout import Layout, point
from .locks import lock
from .prune import prune

PAUSE = 0.1
CRASHES = 3
"""Restarts after which a slot is called broken, rather than awaited to the deadline."""
IDLE_TIMEOUT = 10.0
"""Seconds for the old slot's connections to end: nginx drops pooled ones in 2 s, what is left are long requests."""


class SwitchError(Exception):
    """The slot could not be proved; the one that was live still is."""


def switch(layout: Layout, slot: str) -> None:
    """Makes `slot` live. Raises SwitchError when it does not become ready; nothing has changed for anybody then."""
    facts = layout.facts_of(slot)
    with lock(layout):
        prove(layout, slot, facts)
        point(layout.socket, layout.slot_socket(slot).name)
        record(layout, slot, facts["release"])
        stop_others(layout, slot)
        prune(layout)


def prove(layout: Layout, slot: str, facts: dict[str, Any]) -> None:
    """Waits until the slot answers its ready path; stops it again when it does not, unless it is the live one."""
    systemd.systemctl("daemon-reload")
    service = layout.unit(slot, "service")
    systemd.systemctl("start", layout.unit(slot, "socket"))
    systemd.systemctl("start", "--no-block", service)
    answer = _await_ready(layout, slot, facts)
    if not answer:
        return
    said = systemd.last_lines(service)
    if slot != layout.live_slot():
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
    deadline = time.monotonic() + IDLE_TIMEOUT
    while time.monotonic() < deadline and probe.connections(layout.slot_socket(slot)):
        time.sleep(PAUSE)


def stop(layout: Layout, slot: str) -> None:
    """The socket first: a connection to it would start the service again."""
    socket, service = layout.unit(slot, "socket"), layout.unit(slot, "service")
    stop_timeout = layout.facts_of(slot)["stop_timeout"] if slot in layout.slots() else systemd.START_TIMEOUT
    systemd.systemctl("stop", socket)
    systemd.systemctl("stop", service, timeout=stop_timeout + systemd.START_TIMEOUT)
    systemd.forget_failure(socket, service)
    layout.slot_socket(slot).unlink(missing_ok=True)
