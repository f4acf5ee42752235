"""The leave's one state machine: from what it was, what is seen and the time, to what it is. It does nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from . import budget
from .causes import CAUSES, Notice, Reach
from .leave import STATE_OF, STEPS, Leave, State, Step
from .rules import Rules
from .seen import Gate, Seen

TWO_LOOKS = 1.0
"""Seconds between two looks that find nothing in flight: between two requests of one client there is a moment."""
START_LIMIT = 60.0
"""Seconds, beside those of its stop, for what was stopped to run again: a converge may have put another slot in its
place meanwhile, or the app does not start."""
KEPT = "did not end well: what it had reserved goes to other workers, and not before the visibility timeout"
EVERY_WORKER = "celery-*"
"""Stands for the live slot's units where no leave has stopped them: a boot starts none on a host that is out."""
LAST_OUT = Step.QUIET
LAST_STOPPED = Step.HOOKS
REMEMBERED = 20
"""Notices that have lapsed; AWS goes on naming the same one."""


def advance(leave: Leave, seen: Seen, now: float, rules: Rules) -> Leave:
    """The same leave when nothing has changed."""
    leave = _heed(leave, seen, now, rules)
    if leave.state is State.SERVING:
        return _returned(leave, seen, now, rules)
    if leave.state is State.DONE:
        return _with_word(leave, seen)
    return _proceed(_noted(leave, seen, now), seen, now, rules)


def deadline(leave: Leave, rules: Rules) -> float:
    """When all must be over, by the first cause that is never called off; infinity while there is none."""
    return min((_end(one, rules) for one in leave.notices if not CAUSES[one.cause].is_revocable), default=float("inf"))


def _end(notice: Notice, rules: Rules) -> float:
    cause = CAUSES[notice.cause]
    end = notice.since + min(rules.deadline, cause.limit or rules.deadline)
    return end if notice.end is None else min(end, notice.end)


def reach(leave: Leave) -> Reach:
    """A machine that goes down lets nothing be stopped or started any more: systemd does all the rest.

    An app that is being stopped is stopped, though only a lesser cause be left.
    """
    if leave.has("shutdown"):
        return Reach.OUT
    least = Reach.STOPPED if leave.state in {State.STOPPING, State.DRAINED} else Reach.OUT
    return max([least, *(CAUSES[one.cause].reach for one in leave.notices)])


def is_held(leave: Leave) -> bool:
    """As far as its causes go: out of traffic, or stopped, and there it waits."""
    return leave.state in {State.DRAINING, State.STOPPING, State.DRAINED} and leave.step is None


def _heed(leave: Leave, seen: Seen, now: float, rules: Rules) -> Leave:
    """Takes in what causes say. A final one stays, whatever is read later; one that is unknown stays as it was."""
    known = {one.cause: one for one in leave.notices}
    merged = {**known, **{name: _newer(known.get(name), read) for name, read in seen.notices.items()}}
    standing = [one for one in merged.values() if one and _key(one) not in leave.lapsed]
    notices = tuple(one for one in standing if not _has_lapsed(one, now))
    over = tuple(_key(one) for one in standing if one not in notices)
    if (notices, ()) == (leave.notices, over):
        return leave
    leave = replace(leave, notices=notices, lapsed=(*leave.lapsed, *over)[-REMEMBERED:])
    if leave.state is State.DONE:
        return leave
    if not notices:
        return _called_off(leave, known, now, rules)
    if leave.state is State.SERVING:
        return _begun(leave, now)
    return _further(leave, now)


def _newer(known: Notice | None, read: Notice | None) -> Notice | None:
    """A clock that was set while no agent ran is told by the same notice's end."""
    if known and read and read.key == known.key:
        return replace(known, end=read.end)
    return known if known and not CAUSES[known.cause].is_revocable else read


def _key(notice: Notice) -> str:
    return f"{notice.cause} {notice.key}"


def _has_lapsed(notice: Notice, now: float) -> bool:
    return notice.lapses is not None and notice.lapses <= now


def _begun(leave: Leave, now: float) -> Leave:
    stopped = tuple(unit for unit in leave.stopped if unit != EVERY_WORKER)
    fresh = Leave(notices=leave.notices, lapsed=leave.lapsed, stopped=stopped, groups=leave.groups)
    begun = replace(fresh, began=now, step=Step.GATE, step_began=now, history=leave.history)
    return begun.to(State.DRAINING, now, "; ".join(one.said for one in leave.notices))


def _called_off(leave: Leave, known: Mapping[str, Notice], now: float, rules: Rules) -> Leave:
    """What it has stopped is started again, and only then the gate opens; workers also when a boot left them out."""
    if leave.state is State.SERVING:
        return leave
    why = ", ".join(known) or "its cause"
    stopped = leave.stopped or ((EVERY_WORKER,) if rules.workers else ())
    back = Leave(lapsed=leave.lapsed, stopped=stopped, groups=leave.groups, history=leave.history)
    return replace(back, state=leave.state, step_began=now).to(State.SERVING, now, f"called off: {why} is over")


def _further(leave: Leave, now: float) -> Leave:
    """A leave that was held goes on where another cause wants more; that nothing is in flight is seen anew."""
    if leave.step is not None:
        return leave
    held = {State.DRAINING: Step.QUIET, State.STOPPING: Step.STOP, State.DRAINED: Step.COMPLETE}
    return replace(leave, step=held[leave.state], step_began=now, idle=None)


def _returned(leave: Leave, seen: Seen, now: float, rules: Rules) -> Leave:
    """Its units run again; or they do not, and then it is the balancers that find the app is not there."""
    is_back = _is_started(leave, seen) or now >= leave.step_began + rules.stop + rules.workers + START_LIMIT
    leave = replace(leave, stopped=()) if leave.stopped and is_back else leave
    return replace(leave, groups=tuple(arn for arn in leave.groups if arn not in seen.back))


def _is_started(leave: Leave, seen: Seen) -> bool:
    """Once systemd has the start: before it, an app that runs may have its stop ahead."""
    if seen.wanted is None or seen.running is None:
        return False
    is_asked = seen.starting is not None and seen.starting >= leave.step_began
    return not seen.wanted or (is_asked and seen.wanted <= seen.running)


def _with_word(leave: Leave, seen: Seen) -> Leave:
    """The last word may be answered late."""
    return replace(leave, completed=seen.completed) if seen.completed and not leave.completed else leave


def _noted(leave: Leave, seen: Seen, now: float) -> Leave:
    """Facts that last: since when the gate is closed, nothing is in flight, and no target group sends.

    Only looks of this step count: while a leave was held nobody looked.
    """
    closed = leave.closed or (now if seen.gate in {Gate.CLOSED, Gate.ABSENT} else None)
    idle = leave.idle
    is_shut = closed is not None and leave.step is Step.QUIET
    if is_shut and seen.look and seen.look.at >= leave.step_began:
        idle = (idle if idle is not None else seen.look.at) if seen.look.in_flight == 0 else None
    stopped = leave.stopped
    if leave.step in {Step.STOP, Step.WORKERS}:
        stopped = tuple(sorted({*stopped, *(seen.app or ()), *(seen.workers or ())}))
    groups = tuple(sorted({*leave.groups, *seen.groups}))
    off = leave.off if leave.off is not None else seen.off
    noted = replace(leave, closed=closed, idle=idle, off=off, stopped=stopped, groups=groups)
    return replace(noted, cut=(*leave.cut, *_left_behind(noted, seen)))


def _left_behind(leave: Leave, seen: Seen) -> list[str]:
    """Of workers that this leave has stopped, what is lost to the others for a while: no step waits for it."""
    if leave.step is not Step.WORKERS:
        return []
    lines = [f"{unit} {KEPT}" for unit in sorted((seen.failed or frozenset()) & {*leave.stopped})]
    return [line for line in lines if line not in leave.cut]


def _proceed(leave: Leave, seen: Seen, now: float, rules: Rules) -> Leave:
    while (step := leave.step) is not None:
        if _is_beyond(step, reach(leave)):
            return _held(leave, now)
        is_done = DONE[step](leave, seen, now, rules)
        if not is_done and now < _step_end(leave, step, rules):
            return leave
        leave = _with_word(leave if is_done else _with_cut(leave, step, now, rules), seen)
        leave = _next(leave, step, now)
    return leave


def _is_beyond(step: Step, far: Reach) -> bool:
    last = {Reach.OUT: LAST_OUT, Reach.STOPPED: LAST_STOPPED, Reach.END: Step.COMPLETE}[far]
    return STEPS.index(step) > STEPS.index(last)


def _held(leave: Leave, now: float) -> Leave:
    """Out of traffic it is still called draining; with the app stopped, drained."""
    held = replace(leave, step=None)
    stopped = leave.step is Step.COMPLETE and not leave.has("shutdown")
    return held.to(State.DRAINED, now, "stopped; waits to be called back") if stopped else held


def _step_end(leave: Leave, step: Step, rules: Rules) -> float:
    """Where all may be called off nobody waits, and a step has all the time it wants.

    To stop the app behind a gate that nobody has seen closed would help nobody then, and drained means stopped.
    """
    end = deadline(leave, rules)
    if end == float("inf") and step in {Step.GATE, Step.STOP, Step.WORKERS}:
        return end
    if step is Step.COMPLETE:
        return end
    return leave.step_began + budget.share(step, end - leave.step_began, rules)


def _with_cut(leave: Leave, step: Step, now: float, rules: Rules) -> Leave:
    """Says what time did not allow."""
    left = deadline(leave, rules) - leave.step_began
    why = budget.cut(step, left, rules) or f"{step} not over after {now - leave.step_began:.0f} s"
    return replace(leave, cut=(*leave.cut, why))


def _next(leave: Leave, step: Step, now: float) -> Leave:
    rest = STEPS[STEPS.index(step) + 1 :]
    if not rest:
        return replace(leave, step=None).to(State.DONE, now, _ended(leave))
    leave = replace(leave, step=rest[0], step_began=now)
    if _is_beyond(rest[0], reach(leave)):
        return leave
    return leave.to(STATE_OF[rest[0]], now, f"{rest[0]} begins")


def _ended(leave: Leave) -> str:
    return leave.completed or ("the deadline is over" if leave.has("lifecycle") else "nothing more to wait for")


def _gate(leave: Leave, seen: Seen, now: float, rules: Rules) -> bool:
    return leave.closed is not None


def _balancers(leave: Leave, seen: Seen, now: float, rules: Rules) -> bool:
    """An agent that has just started has heard nobody yet, and knows only those that the last one noted."""
    is_heard = seen.listening is not None and now >= seen.listening + rules.listen
    return is_heard and not seen.unaware


def _quiet(leave: Leave, seen: Seen, now: float, rules: Rules) -> bool:
    """Load balancers of AWS have stopped sending, and two looks found nothing in flight."""
    is_off = rules.hold == 0 or (leave.off is not None and now >= leave.off + rules.hold)
    looked = seen.look.at if seen.look else 0.0
    return is_off and leave.idle is not None and looked >= leave.idle + TWO_LOOKS


def _stop(leave: Leave, seen: Seen, now: float, rules: Rules) -> bool:
    return seen.app is not None and not seen.app


def _workers(leave: Leave, seen: Seen, now: float, rules: Rules) -> bool:
    return seen.workers is not None and not seen.workers


def _hooks(leave: Leave, seen: Seen, now: float, rules: Rules) -> bool:
    return leave.began is not None and seen.hooked == leave.began


def _complete(leave: Leave, seen: Seen, now: float, rules: Rules) -> bool:
    """A spot instance of a group waits for the group's own word, which may still come; others have nobody to tell."""
    return not rules.is_grouped or (leave.has("lifecycle") and bool(seen.completed))


Check = Callable[[Leave, Seen, float, Rules], bool]
DONE: Mapping[Step, Check] = {
    Step.GATE: _gate,
    Step.BALANCERS: _balancers,
    Step.QUIET: _quiet,
    Step.STOP: _stop,
    Step.WORKERS: _workers,
    Step.HOOKS: _hooks,
    Step.COMPLETE: _complete,
}
