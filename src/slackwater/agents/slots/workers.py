"""Slots of a worker host: Celery says by itself that it consumes, and beat is never there twice."""

from __future__ import annotations

from . import systemd
from .layout import Layout


def answer(layout: Layout, slot: str) -> str:
    """Empty when the slot consumes: its unit is active once Celery has reached the broker and its queues."""
    service = layout.unit(slot, "service")
    state = systemd.show(service, "ActiveState").get("ActiveState", "unknown")
    return "" if state == "active" else f"{service} is {state}"


def serve(layout: Layout, slot: str) -> None:
    """Nothing on a host that is out of service: who calls it back starts its slot."""
    if not layout.is_drained:
        systemd.systemctl("start", "--no-block", *layout.units_of(slot))


def move_beat(layout: Layout, slot: str) -> None:
    """Others' beats end before this slot's begins: two would send every scheduled task twice.

    On a host that leaves meanwhile none begins: nobody would stop it any more.
    """
    own = layout.beat(slot)
    if others := [unit for unit in systemd.active_units(layout.beat("*")) if unit != own]:
        systemd.systemctl("stop", *others)
    if layout.has_beat(slot) and not layout.is_drained:
        systemd.systemctl("start", own)
