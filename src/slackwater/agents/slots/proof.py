"""Proves a slot: ready so many times in a row that at least one of its workers has said so twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from . import probe, standby, systemd, workers
from .layout import Layout, target
from .running import SwitchError, check_in_service, serve, stop

PROOF_PAUSE = 0.1
"""Seconds: an app that is ready for one moment only must not pass in that moment."""
CRASHES = 3
"""Restarts after which a slot is called broken, rather than awaited to the deadline."""


def prove(layout: Layout, slot: str, facts: dict[str, Any], question: Literal["live", "ready"] = "ready") -> None:
    """Waits until the slot answers `question` for good; stops it when it never does, unless it ran before.

    One that was proved before, and goes back into service, must only answer again.
    """
    stable = 0 if slot in map(target, map(layout.slot_of, layout.proved())) else facts["stable"]
    service, begun = layout.unit(slot, "service"), time.time()
    ran = systemd.active(service)
    check_in_service(layout, slot)  # once more: its secrets and its files may have taken minutes
    if not layout.is_worker:
        systemd.systemctl("start", layout.unit(slot, "socket"))
    systemd.systemctl("start", "--no-block", service)
    wrong = Trial(facts["proofs"], facts["start_deadline"], stable).wrong(
        lambda: _answer(layout, slot, facts, question), lambda: systemd.restarts(service)
    )
    if wrong:
        said = systemd.last_lines(service, begun)
        live = layout.live_slot()
        if slot != live:
            _give_up(layout, slot, live, ran)
        kept = f"is live and not {question}" if slot == live else f"was not switched to, it is not {question}"
        raise SwitchError(f"{slot} {kept}: {wrong}\n{said}")


def _answer(layout: Layout, slot: str, facts: dict[str, Any], question: Literal["live", "ready"]) -> str:
    if layout.is_worker:
        return workers.answer(layout, slot)
    return probe.ask(layout.slot_socket(slot), facts[question], facts["host"], facts["timeout"])


def _give_up(layout: Layout, slot: str, live: str | None, ran: bool) -> None:
    """One that ran before, in standby, runs on: it may be the only way back, once what ails it is over."""
    if live and target(layout.socket) == layout.slot_socket(slot).name:
        serve(layout, live)  # a switch that died half-way left nginx on the slot that is about to be stopped
    if not (ran and slot == standby.waiting(layout)):
        stop(layout, slot)


@dataclass(frozen=True)
class Trial:
    """`proofs` answers in a row, over `stable` seconds and without a crash among them, within `seconds`.

    So an app is found out that is ready once a worker and then no more, or that ends a moment after it was ready:
    systemd holds its socket, and a question that waits for the restart is answered well too.
    """

    proofs: int
    seconds: float
    stable: float = 0
    pause: float = PROOF_PAUSE

    def wrong(self, ask: Callable[[], str], restarts: Callable[[], int]) -> str:
        """Empty once the slot is proved, else what came instead. `ask` says "" for a good answer."""
        deadline, before = time.monotonic() + self.seconds, restarts()
        row, met, crashes, since = 0, 0, 0, time.monotonic()
        while True:
            answer, seen = ask(), restarts() - before
            if answer or seen != crashes:
                row, met, crashes, since = 0, row or met, seen, time.monotonic()
            row += not answer
            if row >= self.proofs and time.monotonic() - since >= self.stable:
                return ""
            if crashes >= CRASHES:
                return f"{_story(met)}it crashed {CRASHES} times while starting"
            if not row and time.monotonic() > deadline:
                return f"{_story(met)}{answer}, for {self.seconds:g} s"
            time.sleep(self.pause if row < self.proofs else self.pause * 5)


def _story(met: int) -> str:
    return f"ready {met} time{'s' * (met != 1)}, then " if met else ""
