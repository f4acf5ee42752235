"""What may happen to a fleet, one function each over the stage; the whole story is a list of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress

from slackwater.drill.attempts import lines, log_of
from slackwater.drill.died import Crash, died
from slackwater.drill.operator import release
from slackwater.drill.phase import CRASH, Phase
from slackwater.drill.stage import Stage
from slackwater.errors import LabError
from slackwater.lab.cloud.spot import NOTICE

Scenario = Callable[[Stage], None]
BOUND = 110.0
"""Seconds from a spot notice until the host must have left: AWS ends it after 120 (docs/draining.md)."""
BLIND = 20.0
"""Seconds after a crash until every balancer knows: three questions, the last of which hangs for 4 s; with room."""
ANSWER_LIMIT = 5.0
"""Seconds for an agent's word: one that hangs must not stand for a leave that takes long."""
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


def rollout(stage: Stage) -> None:
    """A new release, as an operator brings it to the instances that are there."""
    old, new = release(stage.releases), release(stage.releases + 1)
    stage.operator.build(new)
    stage.releases += 1
    with stage.phase("rollout") as phase:
        stage.operator.rollout(new)
        phase.figures["release"] = new
        stage.wait(lambda: new in stage.result.releases, f"an answer of release {new}")
        stage.wait(lambda: stage.result.last_sent_to(old) < time.monotonic() - CALM, f"the end of release {old}")
        stage.settle()


def spot(stage: Stage, bound: float = BOUND) -> None:
    """AWS takes an instance back: two minutes' notice, and it is gone as soon as it says that it has left."""
    before = stage.states()
    with stage.phase("spot", launches=1) as phase:
        one, began = stage.serving()[0], time.monotonic()
        stage.interrupt(one)
        stage.wait(lambda: _has_left(stage, one), f"{one} to have left", limit=NOTICE)
        left = time.monotonic() - began
        phase.figures |= {"left in": round(left, 1), "after its last answer": _since_last_answer(stage, one)}
        if left > bound:
            stage.faults.append(f"spot: {one} had left after {left:.1f} s, and {bound:g} s is the bound")
        with suppress(LabError):  # the two minutes may just be over
            stage.interrupt(one, seconds=0)
        phase.figures["launch to first answer"] = _replaced(stage, one, before)


def crash(stage: Stage, blind: float = BLIND) -> None:
    """A machine dies, and with it what it was carrying out; the group brings another."""
    before = stage.states()
    with stage.phase(CRASH, launches=1) as phase:
        one, began = stage.serving()[0], time.monotonic()
        with _mourned(stage, phase, one, blind):
            stage.crash(one)
            stage.wait(lambda: _is_another_seen(stage, before), f"another for {one}")
            phase.figures["another launched in"] = round(time.monotonic() - began, 1)
            time.sleep(max(0.0, began + blind - time.monotonic()))
    with stage.phase("replacement") as phase:
        phase.figures["launch to first answer"] = _replaced(stage, one, before)


ALL: dict[str, Scenario] = {
    "scale-out": scale_out,
    "scale-in": scale_in,
    "rollout": rollout,
    "spot": spot,
    "crash": crash,
}
STORY: tuple[Scenario, ...] = (load, scale_out, rollout, spot, scale_in, crash)


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


@contextmanager
def _mourned(stage: Stage, phase: Phase, instance: str, blind: float) -> Iterator[None]:
    """What dies with it in the block is the phase's, also where the block fails: a report may follow."""
    address, began = stage.host(instance).address, time.time()
    try:
        yield
    finally:
        crash = Crash(address, began, began + blind, time.time())
        phase.died = died(lines(log_of(stage.lab)), stage.result.run, crash)


def _is_another_seen(stage: Stage, before: Collection[str]) -> bool:
    there = stage.states()
    return any(one in there and one not in before for one in stage.timeline.seen())


def _replaced(stage: Stage, gone: str, before: Collection[str]) -> list[float]:
    """When it is gone and all serve: what passed from the launch of each that is new until it answered somebody."""
    stage.wait(lambda: gone not in stage.states(), f"{gone} to be gone")
    stage.forget(gone)
    stage.settle()
    return [_to_first_answer(stage, one) for one in stage.states() if one not in before]


def _since_last_answer(stage: Stage, instance: str) -> float:
    return round(time.monotonic() - stage.answered(instance).last_answer, 1)


def _has_left(stage: Stage, instance: str) -> bool:
    """By the word of its own agent."""
    with suppress(LabError, ValueError):
        said = stage.host(instance).ssh("slackwater-drain status --json", timeout=ANSWER_LIMIT)
        return json.loads(said.stdout).get("state") in {"drained", "done"}
    return False
