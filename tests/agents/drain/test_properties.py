"""No order of events makes the agent complete before it has drained, come back from done, or wait past the deadline."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from slackwater.agents.drain.causes import CAUSES, Notice, Reach
from slackwater.agents.drain.core import EVERY_WORKER, START_LIMIT, TWO_LOOKS, advance, deadline, is_held, reach
from slackwater.agents.drain.leave import STEPS, Leave, State, Step, read
from slackwater.agents.drain.orders import Orders, orders
from slackwater.agents.drain.seen import Gate, Look, Seen
from tests.agents.drain.usual import usual
from tests.hosts.converge.running import count

APP, WORKER = "slackwater-shop@a.service", "celery-shop@mail.service"
SPOT = 110.0
TRIES = count(3000)
FORMER = Seen(hooked=1.0)
"""What an agent that begins reads: the hooks of a leave that is over."""
NAMES = st.sampled_from(sorted(CAUSES))


class Manager:
    """systemd: a stop is queued, is at work, has ended; a start calls off the first and waits for the second."""

    def __init__(self, *left_out: str) -> None:
        self.state = {unit: "inactive" if unit in left_out else "active" for unit in (APP, WORKER)}
        self.queued: set[str] = set()
        self.starts: set[str] = set()
        self.since: float | None = None

    def take(self, told: Orders, now: float) -> None:
        for unit in told.stop:
            self.starts.discard(unit)
            if self.state[unit] == "active":
                self.queued.add(unit)
        for unit in units(told.start):
            self.queued.discard(unit)
            self.starts.add(unit)
        self.since = (self.since if self.since is not None else now) if told.start else None

    def work(self) -> None:
        for unit, state in self.state.items():
            if state == "deactivating":
                self.state[unit] = "inactive"
            elif unit in self.queued:
                self.queued.discard(unit)
                self.state[unit] = "deactivating"
            if unit in self.starts and self.state[unit] == "inactive":
                self.state[unit] = "active"
                self.starts.discard(unit)

    def are_up(self, units: Iterable[str]) -> bool:
        return all(self.state[unit] == "active" and unit not in self.queued for unit in units)

    def up(self, *states: str) -> frozenset[str]:
        return frozenset(unit for unit, state in self.state.items() if state in states)


def units(names: Iterable[str]) -> list[str]:
    return [WORKER if name == EVERY_WORKER else name for name in names]


class Host(RuleBasedStateMachine):
    """The world says whatever it likes in whatever order; a model beside it remembers what it has really said."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.boot, self.number = 1_000_000.0, 0, 0
        self.leave, self.seen, self.rules = Leave(), FORMER, usual()
        self.facts: set[Step] = set()
        self.bounds: dict[str, float] = {}
        self.manager, self.answers, self.is_booted = Manager(), True, False
        self.in_flight, self.looks = 0, list[Look]()

    @initialize(
        hold=st.sampled_from([0, 70, 120]),
        deadline=st.integers(10, 400),
        requests=st.integers(1, 200),
        stop=st.integers(1, 200),
        is_grouped=st.booleans(),
    )
    def settle(self, hold: int, deadline: int, requests: int, stop: int, is_grouped: bool) -> None:
        self.rules = usual(
            deadline=deadline, hold=hold, requests=requests, stop=stop, workers=20, is_grouped=is_grouped
        )

    @rule(name=NAMES, lapse=st.integers(1, 1000), end=st.integers(-10, 300) | st.none())
    def notice(self, name: str, lapse: int, end: int | None) -> None:
        self.number += 1
        lapses = self.now + lapse if name in {"rebalance", "maintenance"} else None
        gone = self.now + end if name == "spot" and end is not None else None
        found = Notice(name, str(self.number), name, self.now, gone, lapses, str(self.boot))
        self.seen = replace(self.seen, notices={**self.seen.notices, name: found})
        self.bound(found)
        self.look()

    def bound(self, told: Notice) -> None:
        """What the world has said counts from that moment, whatever the agent makes of it; the first of its kind."""
        if told.cause not in self.bounds and (CAUSES[told.cause].is_final or told.cause == "shutdown"):
            limit = min(self.rules.deadline, SPOT if told.cause == "spot" else math.inf)
            self.bounds[told.cause] = min(self.now + limit, math.inf if told.end is None else told.end)

    @rule(name=NAMES)
    def no_notice(self, name: str) -> None:
        self.seen = replace(self.seen, notices={**self.seen.notices, name: None})
        self.look()

    @rule(gate=st.sampled_from([None, *Gate]))
    def answer(self, gate: Gate | None) -> None:
        self.seen = replace(self.seen, gate=gate)
        self.look()

    @rule(unaware=st.sampled_from([frozenset(), frozenset({"10.0.0.2"})]))
    def balancers(self, unaware: frozenset[str]) -> None:
        self.seen = replace(self.seen, unaware=unaware, listening=0.0)
        self.look()

    @rule(in_flight=st.integers(0, 2))
    def count(self, in_flight: int) -> None:
        self.in_flight = in_flight
        self.look()

    @rule(answers=st.booleans())
    def manager_answers(self, answers: bool) -> None:
        self.answers = answers
        self.look()

    @rule()
    def manager_works(self) -> None:
        self.manager.work()
        self.look()

    @rule(off=st.sampled_from([0, 1, -1]))
    def deregistered(self, off: int) -> None:
        self.seen = replace(self.seen, off={0: 0.0, 1: self.now, -1: None}[off])
        self.look()

    @precondition(lambda self: self.leave.step is Step.HOOKS)
    @rule()
    def hooks_end(self) -> None:
        self.seen = replace(self.seen, hooked=self.leave.began)
        self.look()

    @precondition(lambda self: orders(self.leave, self.now, self.rules).complete)
    @rule(word=st.sampled_from(["CONTINUE", "gone"]))
    def completed(self, word: str) -> None:
        self.seen = replace(self.seen, completed=word)
        self.look()

    @rule(seconds=st.integers(1, 6))
    def nothing_hinders_it(self, seconds: int) -> None:
        """Else few of the ways through it would be gone to their end."""
        self.seen = replace(self.seen, gate=Gate.CLOSED, unaware=frozenset(), listening=0.0, off=0.0)
        self.answers, self.in_flight = True, 0
        for _ in range(seconds):
            hooked = self.leave.began if self.leave.step is Step.HOOKS else self.seen.hooked
            self.seen = replace(self.seen, hooked=hooked)
            self.now += 1
            self.look()
            self.manager.work()

    @rule(seconds=st.sampled_from([0.1, 1, 5, 30, 100, 1000]))
    def time(self, seconds: float) -> None:
        self.now += seconds
        self.look()

    @rule()
    def restart(self) -> None:
        before = self.leave
        self.leave = read(before.as_json(), self.now, str(self.boot))
        assert before.state is not State.DONE or self.leave.state is State.DONE
        self.bounds.pop("shutdown", None)
        self.seen, self.manager.since = FORMER, None
        self.look()

    @rule(seconds=st.sampled_from([0.1, 100, 1000]))
    def killed_before_it_acts(self, seconds: float) -> None:
        self.look(acts=False)
        self.now += seconds
        self.restart()

    @precondition(lambda self: not any(CAUSES[one.cause].is_final for one in self.leave.notices))
    @rule()
    def reboot(self) -> None:
        self.up_again()
        self.restart()

    @precondition(lambda self: self.leave.has("spot") and not self.leave.has("lifecycle"))
    @rule()
    def spot_stops_it_and_it_starts_again(self) -> None:
        """A leave that was done is over; what else stands is another."""
        self.bounds.pop("spot", None)
        self.facts = set() if self.leave.state is State.DONE else self.facts
        self.up_again()
        self.leave = read(self.leave.as_json(), self.now, str(self.boot))
        self.seen = FORMER
        self.look()

    def up_again(self) -> None:
        """The boot starts the app, and workers only where the gate is open."""
        self.boot += 1
        found = read(self.leave.as_json(), self.now, str(self.boot))
        is_out = orders(found, self.now, self.rules).gate is Gate.CLOSED
        self.manager, self.is_booted = Manager(*[WORKER] * is_out), True
        self.bounds.pop("shutdown", None)

    def look(self, *, acts: bool = True) -> None:
        before = self.leave
        self.see()
        self.leave = advance(self.leave, self.seen, self.now, self.rules)
        assert before.state is not State.DONE or self.leave.state is State.DONE
        self.remember(before)
        self.judge(before)
        if acts:
            self.manager.take(orders(self.leave, self.now, self.rules), self.now)

    def see(self) -> None:
        """Requests are counted where the agent counts them; what it counted before it goes on knowing."""
        is_due = self.seen.look is None or self.now >= self.seen.look.at + TWO_LOOKS
        if self.leave.step is Step.QUIET and is_due:
            look = Look(self.now, self.in_flight)
            self.looks.append(look)
            self.seen = replace(self.seen, look=look)
        alive, up = self.manager.up("active", "deactivating"), self.manager.up("active")
        wanted = frozenset(units(self.leave.stopped)) if self.leave.state is State.SERVING else None
        self.seen = replace(
            self.seen,
            app=alive & {APP} if self.answers else None,
            workers=alive & {WORKER} if self.answers else None,
            running=up if self.answers else None,
            wanted=wanted,
            starting=self.manager.since,
        )

    def judge(self, before: Leave) -> None:
        """What a change must not be: told by what the world is, not by what the agent has seen of it."""
        leave, limit = self.leave, self.rules.stop + self.rules.workers + START_LIMIT
        if leave.state is State.SERVING and before.stopped and not leave.stopped:
            assert self.manager.are_up(units(before.stopped)) or self.now >= before.step_began + limit
        if leave.state is State.SERVING is not before.state and not leave.stopped:
            assert self.manager.are_up([WORKER])
        is_cut = any(line.startswith((Step.STOP, Step.WORKERS)) for line in leave.cut)
        if leave.state is State.DRAINED is not before.state and not is_cut and not self.is_booted:
            assert not self.manager.up("active", "deactivating")
        if leave.state is State.STOPPING is not before.state and leave.cut == before.cut:
            assert [0, 0] == [one.in_flight for one in self.looks[-2:] if one.at >= before.step_began]

    def remember(self, before: Leave) -> None:
        """What has been seen since this leave began, kept apart from what the agent thinks of it."""
        if before.state is State.SERVING and self.leave.state is not State.SERVING:
            self.facts, self.is_booted = set(), False
        at = STEPS[STEPS.index(before.step or Step.GATE) : STEPS.index(self.leave.step or Step.COMPLETE) + 1]
        self.facts |= {step for step in self.over() if step in at}

    def over(self) -> set[Step]:
        """Steps that what is seen now would end; that a step was over before it came is no news of it."""
        seen = self.seen
        is_over = {
            Step.GATE: seen.gate in {Gate.CLOSED, Gate.ABSENT},
            Step.BALANCERS: not seen.unaware and seen.listening is not None,
            Step.QUIET: seen.look is not None and seen.look.in_flight == 0,
            Step.STOP: seen.app is not None and not seen.app,
            Step.WORKERS: seen.workers is not None and not seen.workers,
            Step.HOOKS: seen.hooked is not None and seen.hooked == self.leave.began,
        }
        return {step for step, is_true in is_over.items() if is_true}

    @invariant()
    def no_step_begins_before_the_one_before_it_is_over(self) -> None:
        """Each was seen to be over, or the agent says that there was no time for it; completion is the last."""
        is_complete = orders(self.leave, self.now, self.rules).complete
        assert not is_complete or self.leave.has("lifecycle")
        for step in STEPS[: STEPS.index(Step.COMPLETE if is_complete else self.leave.step or Step.GATE)]:
            assert step in self.facts or any(line.startswith(str(step)) for line in self.leave.cut), step

    @invariant()
    def it_never_waits_past_the_deadline(self) -> None:
        if self.now < min(self.bounds.values(), default=math.inf):
            return
        assert self.leave.state is State.DONE or ("shutdown" in self.bounds and is_held(self.leave))

    @invariant()
    def nobody_is_sent_to_a_host_that_leaves(self) -> None:
        told = orders(self.leave, self.now, self.rules)

        assert told.gate is Gate.CLOSED or self.leave.state is State.SERVING
        assert not (told.stop and told.start)
        assert not told.start or told.gate is Gate.CLOSED

    @invariant()
    def nothing_is_stopped_that_nobody_asked_to_stop(self) -> None:
        told = orders(self.leave, self.now, self.rules)

        assert not (told.stop or told.hooks) or reach(self.leave) >= Reach.STOPPED
        assert not told.beat or (self.leave.has("lifecycle") and self.now < deadline(self.leave, self.rules))

    @invariant()
    def it_serves_when_nothing_stands(self) -> None:
        assert (self.leave.state is State.SERVING) is (not self.leave.notices)


TestHost = Host.TestCase
TestHost.settings = settings(max_examples=TRIES, stateful_step_count=30, deadline=None, report_multiple_bugs=False)
