"""What is to be so while a leave stands as it stands: standing orders, so that an agent that restarts just goes on."""

from __future__ import annotations

from dataclasses import dataclass

from .core import deadline
from .leave import Leave, State, Step
from .rules import Rules
from .seen import Gate

LAST_WORD = 60.0
"""Seconds after the deadline in which the group is still told: after its own timeout it does not listen any more."""

WORKERS = "celery-"
"""How the names of workers' units begin."""


@dataclass(frozen=True)
class Orders:
    """`stop` and `start` name units; `away`: out of the target groups; `beat`: the group is kept waiting."""

    gate: Gate = Gate.OPEN
    away: bool = False
    looks: bool = False
    stop: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    hooks: bool = False
    beat: bool = False
    complete: bool = False


def orders(leave: Leave, now: float, rules: Rules) -> Orders:
    if leave.state is State.SERVING:
        return Orders(Gate.CLOSED if leave.stopped else Gate.OPEN, start=leave.stopped)
    is_told = rules.is_grouped and leave.has("lifecycle") and not leave.completed
    ended = leave.state is State.DONE
    return Orders(
        gate=Gate.CLOSED,
        away=not ended,
        looks=leave.step is Step.QUIET,
        stop=tuple(unit for unit in leave.stopped if leave.step is _step_of(unit)),
        hooks=leave.step is Step.HOOKS,
        beat=is_told and not ended and now < deadline(leave, rules),
        complete=is_told and (leave.step is Step.COMPLETE or (ended and now < deadline(leave, rules) + LAST_WORD)),
    )


def _step_of(unit: str) -> Step:
    """The app first; its workers may still be asked by it until then."""
    return Step.WORKERS if unit.startswith(WORKERS) else Step.STOP
