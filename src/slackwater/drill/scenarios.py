"""What may happen to a fleet, one function each over the stage; the whole story is a list of them."""

from __future__ import annotations

import time
from collections.abc import Callable

from slackwater.drill.stage import Stage

Scenario = Callable[[Stage], None]
CALM = 5.0
"""Seconds in which nothing happens, so that what comes then can be told from it."""


def load(stage: Stage) -> None:
    """People at the balancer, for a while, and nothing happens."""
    with stage.phase("load"):
        stage.settle()
        time.sleep(CALM)


def scale_out(stage: Stage) -> None:
    """The alarm rings that asks for more."""
    if stage.size + stage.step > stage.largest:
        scale_in(stage)
    stage.wait(stage.is_warm, "the last launch to count in full")
    with stage.phase("scale-out", launches=stage.step) as phase:
        before = set(stage.states())
        stage.operator.alarm("high")
        stage.size += stage.step
        stage.settle()
        new = [one for one in stage.states() if one not in before]
        phase.figures["launch to first answer"] = [_to_first_answer(stage, one) for one in new]


def scale_in(stage: Stage) -> None:
    """The alarm rings that asks for fewer."""
    if stage.size - stage.step < stage.smallest:
        scale_out(stage)
    with stage.phase("scale-in") as phase:
        before = set(stage.states())
        stage.operator.alarm("low")
        stage.size -= stage.step
        stage.wait(lambda: len(stage.states()) == stage.size, f"{stage.size} instances")
        stage.settle()
        gone = [_departed(stage, one) for one in before - set(stage.states())]
        phase.figures["drained in"] = [drained for drained, _ in gone]
        phase.figures["after its last answer"] = [after for _, after in gone]


ALL: dict[str, Scenario] = {
    "scale-out": scale_out,
    "scale-in": scale_in,
}
STORY: tuple[Scenario, ...] = (load, scale_out, scale_in)


def _to_first_answer(stage: Stage, instance: str) -> float:
    """Seconds from its launch by the group until somebody was answered by it."""
    return round(stage.answered(instance).first_answer - stage.timeline.began - stage.timeline.first(instance), 1)


def _departed(stage: Stage, instance: str) -> tuple[float, float]:
    """Seconds from the group's word until it was gone, and those after its last answer to people."""
    stage.wait(lambda: _is_noted(stage, instance), f"{instance} to be noted as gone", limit=30)
    leaving, gone = stage.timeline.left(instance)
    last = stage.answered(instance).last_answer - stage.timeline.began
    stage.forget(instance)
    return round(gone - leaving, 1), round(gone - last, 1)


def _is_noted(stage: Stage, instance: str) -> bool:
    try:
        stage.timeline.left(instance)
    except ValueError:
        return False
    return True
