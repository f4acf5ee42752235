"""What is live on this VM and whether it is whole; it only looks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from . import credentials, probe, prune, standby, systemd, workers
from .counters import STUB_STATUS, in_flight
from .layout import Layout, target
from .running import running

LONGEST_PROBE = 3.0
"""Seconds: a status of a fleet must not wait long for an app that hangs."""


def line(layout: Layout) -> str:
    """The status in one line: "live SLOT" when there is nothing to mend."""
    slot = layout.live_slot()
    return "; ".join(_work(layout, slot)) or f"live {slot}"


def status(layout: Layout, nginx: tuple[str, int] = STUB_STATUS) -> dict[str, Any]:
    """`work` lists what a switch to the live slot would mend, `proved` what can be gone back to, the last one last."""
    slot = layout.live_slot()
    return {
        "slot": slot,
        "release": layout.live_release(),
        "releases": layout.releases(),
        "work": _work(layout, slot),
        "health": health(layout, slot),
        "in_flight": in_flight(nginx),
        "since": _since(layout),
        "restarts": systemd.restarts(layout.unit(slot, "service")) if slot else None,
        "last_error": last_error(layout),
        "standby": standby.waiting(layout),
        "proved": layout.proved(),
    }


def _work(layout: Layout, slot: str | None) -> list[str]:
    if slot is None:
        return ["nothing is live"]
    units = layout.units_of(slot)
    resting = layout.is_worker and layout.is_drained
    work = [f"{unit} is not active" for unit in units if not (resting or systemd.active(unit))]
    work += [f"{unit} has changed on disk" for unit in units if systemd.stale(unit)]
    work += [f"secret {name} is not there" for name in credentials.missing(layout, slot)]
    work += _socket_work(layout, slot)
    expected = {slot, standby.waiting(layout)}
    work += [f"{other} still runs" for other in sorted(running(layout) - expected)]
    return work + [f"{name} may go" for names in prune.surplus(layout) for name in names]


def _socket_work(layout: Layout, slot: str) -> list[str]:
    if layout.is_worker:
        return []
    if target(layout.socket) != layout.slot_socket(slot).name:
        return [f"{layout.socket} does not point to {slot}"]
    return [] if probe.listening(layout.socket) else [f"{layout.slot_socket(slot)} is not there"]


def health(layout: Layout, slot: str | None) -> dict[str, str]:
    """What the live and the ready path answer on the live slot's own socket; empty is well."""
    if slot is None or slot not in layout.slots():
        return dict.fromkeys(("live", "ready"), "nothing is live")
    if layout.is_worker:
        return dict.fromkeys(("live", "ready"), workers.answer(layout, slot))
    facts = layout.facts_of(slot)
    limit = min(facts["timeout"], LONGEST_PROBE)
    path, host = layout.slot_socket(slot), facts["host"]
    return {question: probe.ask(path, facts[question], host, limit) for question in ("live", "ready")}


def _since(layout: Layout) -> str | None:
    """When the live slot went live."""
    release = layout.live_release()
    if release is None or layout.live_slot() is None:
        return None
    return datetime.fromtimestamp(layout.slot_of(release).lstat().st_mtime, UTC).isoformat(timespec="seconds")


def last_error(layout: Layout) -> dict[str, str | None] | None:
    try:
        return dict(json.loads(layout.last_error.read_text()))
    except FileNotFoundError:
        return None
