"""A host's leave as plain values: the state, why, how far it is. This is what a restart and a reboot find on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from .causes import CAUSES, Notice

ANEW = "the machine has booted anew"
LAST = 20
"""Changes of the state that are remembered."""
LEAP = 2.0
"""Seconds: two clocks drift, and NTP slews by less while an agent starts."""
TIMES = ("began", "closed", "idle", "off")


class State(StrEnum):
    """`serving` is where it starts, and where it goes back to when it is called off; from `done` nothing comes back."""

    SERVING = "serving"
    DRAINING = "draining"
    STOPPING = "stopping"
    DRAINED = "drained"
    DONE = "done"


class Step(StrEnum):
    """In this order."""

    GATE = "gate"
    BALANCERS = "balancers"
    QUIET = "quiet"
    STOP = "stop"
    WORKERS = "workers"
    HOOKS = "hooks"
    COMPLETE = "complete"


STEPS = tuple(Step)
STATE_OF = {
    Step.GATE: State.DRAINING,
    Step.BALANCERS: State.DRAINING,
    Step.QUIET: State.DRAINING,
    Step.STOP: State.STOPPING,
    Step.WORKERS: State.STOPPING,
    Step.HOOKS: State.STOPPING,
    Step.COMPLETE: State.DRAINED,
}


@dataclass(frozen=True)
class Change:
    at: float
    state: State
    why: str


@dataclass(frozen=True)
class Leave:
    """Times are seconds of the wall clock. `step` is None while it serves, is held where it is, or is over.

    `closed` is when the gate was seen closed, `idle` since when nothing is in flight, `off` since when no target group
    sends. `stopped` are units that it has stopped and would start again, `groups` the target groups that it leaves
    by itself, from before it does until it is in them again. `cut` says in words what time did not allow, and what
    workers that ended badly keep from others.
    """

    state: State = State.SERVING
    notices: tuple[Notice, ...] = ()
    lapsed: tuple[str, ...] = ()
    began: float | None = None
    step: Step | None = None
    step_began: float = 0.0
    closed: float | None = None
    idle: float | None = None
    off: float | None = None
    stopped: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    completed: str = ""
    history: tuple[Change, ...] = ()

    def has(self, cause: str) -> bool:
        return any(notice.cause == cause for notice in self.notices)

    def to(self, state: State, now: float, why: str) -> Leave:
        if state is self.state:
            return self
        return replace(self, state=state, history=(*self.history, Change(now, state, why))[-LAST:])

    def as_json(self, kept: Stamp | None = None) -> dict[str, Any]:
        return asdict(self) | ({"kept": asdict(kept)} if kept else {})


@dataclass(frozen=True)
class Stamp:
    """A moment: seconds of the wall clock, which anybody may set, and of `boot`, which only pass."""

    wall: float
    up: float
    boot: str


def read(document: Mapping[str, Any], now: float, boot: str, up: float | None = None) -> Leave:
    """What was written, after a restart or a reboot; `up` as in Stamp. Raises what values of another shape raise."""
    told = dict(document)
    kept = told.pop("kept", None)
    found = Leave(
        **{
            **told,
            "state": State(told["state"]),
            "step": told["step"] and Step(told["step"]),
            "notices": tuple(Notice(**one) for one in told["notices"]),
            "history": tuple(Change(one["at"], State(one["state"]), one["why"]) for one in told["history"]),
            **{name: tuple(told[name]) for name in ("lapsed", "stopped", "groups", "cut")},
        }
    )
    leap = _leap(Stamp(**kept), Stamp(now, up, boot)) if kept and up is not None else 0.0
    return _resumed(_anew(_in_time(_moved(found, leap), now), now, boot), now)


def _leap(kept: Stamp, now: Stamp) -> float:
    """Seconds by which the wall clock was set while no agent ran; unknown, and none, over a boot."""
    leap = (now.wall - kept.wall) - (now.up - kept.up)
    return leap if kept.boot == now.boot and abs(leap) > LEAP else 0.0


def _moved(leave: Leave, leap: float) -> Leave:
    """By the clock as it is now: a deadline is no sooner over because of it. What AWS names by the clock stays."""
    notices = tuple(_shifted(one, leap) for one in leave.notices)
    times = {name: value and value + leap for name in TIMES for value in [getattr(leave, name)]}
    return replace(leave, notices=notices, step_began=leave.step_began + leap, **times)


def _shifted(notice: Notice, leap: float) -> Notice:
    """When a rebalance lapses was reckoned here; when maintenance does, AWS has said."""
    is_own = notice.cause == "rebalance" and notice.lapses is not None
    moved = replace(notice, since=notice.since + leap)
    return replace(moved, lapses=(notice.lapses or 0.0) + leap) if is_own else moved


def _in_time(leave: Leave, now: float) -> Leave:
    """A clock that was set back must not make it wait longer: nothing began later than now."""
    late = max([leave.step_began, *(one.since for one in leave.notices)], default=0.0) - now
    if late <= 0:
        return leave
    notices = tuple(replace(one, since=min(one.since, now)) for one in leave.notices)
    times = {name: value and min(value, now) for name in TIMES for value in [getattr(leave, name)]}
    return replace(leave, notices=notices, step_began=min(leave.step_began, now), **times)


def _anew(leave: Leave, now: float, boot: str) -> Leave:
    """Another boot ends what was about the last one; a leave that has no other reason is over then."""
    gone = [one for one in leave.notices if not _outlives(one, boot)]
    is_booted = any(one.boot != boot for one in leave.notices)
    if not gone and not is_booted:
        return leave
    if notices := tuple(replace(one, boot=boot) for one in leave.notices if one not in gone):
        return _out_again(replace(leave, notices=notices), now, is_booted)
    # Units were started by the boot itself, where there was one.
    stopped = leave.stopped if all(one.boot == boot for one in gone) else ()
    back = Leave(lapsed=leave.lapsed, groups=leave.groups, stopped=stopped, history=leave.history, step_began=now)
    return replace(back, state=leave.state).to(State.SERVING, now, "the machine is up again")


def _out_again(leave: Leave, now: float, is_booted: bool) -> Leave:
    """A boot starts the app, also behind a gate that is closed: where it was stopped it is stopped once more.

    In the same boot the end of the machine, which held a host that was drained, was called off: it goes on.
    """
    if leave.state in {State.DRAINING, State.STOPPING}:
        anew = replace(leave, step=Step.GATE, step_began=now, closed=None, idle=None)
        return anew.to(State.DRAINING, now, ANEW)
    if leave.state is State.DONE and all(CAUSES[one.cause].is_revocable for one in leave.notices):
        kept = Leave(notices=leave.notices, lapsed=leave.lapsed, stopped=leave.stopped, groups=leave.groups)
        anew = replace(kept, began=now, step=Step.GATE, step_began=now, history=leave.history)
        return anew.to(State.DRAINING, now, ANEW)
    if leave.state is not State.DRAINED or leave.step is not None:
        return leave
    if is_booted:
        return replace(leave, step=Step.STOP, step_began=now).to(State.STOPPING, now, ANEW)
    return replace(leave, step=Step.COMPLETE, step_began=now)


def _resumed(leave: Leave, now: float) -> Leave:
    """A step that may be called off begins anew, for nobody was there to do it; what is final has its deadline."""
    is_bound = any(not CAUSES[one.cause].is_revocable for one in leave.notices)
    return leave if is_bound else replace(leave, step_began=now, idle=None)


def _outlives(notice: Notice, boot: str) -> bool:
    cause = CAUSES[notice.cause]
    return cause.outlives_agent and (cause.outlives_boot or notice.boot == boot)
