"""What may happen to a fleet, one function each over the stage; the whole story is a list of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress

from slackwater.drill.phase import CRASH
from slackwater.drill.stage import Stage
from slackwater.errors import LabError

Scenario = Callable[[Stage], None]
BOUND = 110.0
"""Seconds from a spot notice until the host must have left: AWS ends it after 120 (docs/draining.md)."""
CALM = 5.0
"""Seconds in which nothing happens, so that what comes then can be told from it."""
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


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


def rollout(stage: Stage) -> None:
    """A new release, as an operator brings it to the instances that there are."""
    stage.releases += 1
    release = _release(stage.releases)
    stage.operator.build(release)
    with stage.phase("rollout") as phase:
        stage.operator.rollout(release)
        stage.wait(lambda: release in stage.result.releases, f"an answer of release {release}", limit=60)
        stage.settle()
        phase.figures["release"] = release


def spot(stage: Stage) -> None:
    """AWS takes an instance back: two minutes' notice, and as soon as it has left it is gone."""
    with stage.phase("spot", launches=1) as phase:
        (one, *_), cloud = stage.serving(), stage.cloud.cloud
        began = time.monotonic()
        cloud.interrupt(one)
        stage.wait(lambda: _has_left(stage, one), f"{one} to have left", limit=BOUND + 20)
        left = time.monotonic() - began
        phase.figures |= {"left in": round(left, 1), "after its last answer": _since(stage, one)}
        if left > BOUND:
            stage.faults.append(f"spot: {one} had left after {left:.1f} s, and {BOUND:g} s is the bound")
        with suppress(LabError):
            cloud.interrupt(one, seconds=0)
        stage.wait(lambda: one not in stage.states(), f"{one} to be gone")
        stage.forget(one)
        stage.settle()


def crash(stage: Stage) -> None:
    """A machine dies; what it was carrying out dies with it, and the group brings another."""
    with stage.phase(CRASH, launches=1) as phase:
        one, began = stage.serving()[0], time.monotonic()
        stage.cloud.cloud.crash(one)
        stage.wait(lambda: one not in stage.states(), f"{one} to be gone")
        stage.forget(one)
        stage.settle()
        phase.figures["replaced in"] = round(time.monotonic() - began, 1)


ALL: dict[str, Scenario] = {
    "scale-out": scale_out,
    "scale-in": scale_in,
    "rollout": rollout,
    "spot": spot,
    "crash": crash,
}
STORY: tuple[Scenario, ...] = (load, scale_out, rollout, spot, scale_in, crash)


def _release(number: int) -> str:
    return NUMBERS[number - 1] if number <= len(NUMBERS) else f"r{number}"


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


def _since(stage: Stage, instance: str) -> float:
    return round(time.monotonic() - stage.answered(instance).last_answer, 1)


def _has_left(stage: Stage, instance: str) -> bool:
    """By the word of its own agent."""
    with suppress(LabError, ValueError):
        said = json.loads(stage.host(instance).ssh("slackwater-drain status --json").stdout)
        return said["state"] in {"drained", "done"}
    return False
