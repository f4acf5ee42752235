"""The leave's state machine: a table of single steps, the order of a whole leave, budgets, restarts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from slackwater.agents.drain import budget, causes
from slackwater.agents.drain.causes import CAUSES, Notice, Reach
from slackwater.agents.drain.core import EVERY_WORKER, advance, deadline, is_held
from slackwater.agents.drain.leave import Leave, Stamp, State, Step, read
from slackwater.agents.drain.orders import Orders, orders
from slackwater.agents.drain.rules import Rules
from slackwater.agents.drain.seen import Gate, Look, Seen
from tests.agents.drain.usual import usual

RULES = usual(is_grouped=True)
START = 1_000_000.0
APP = frozenset({"slackwater-shop@a.socket", "slackwater-shop@a.service"})
QUIET = Seen(gate=Gate.CLOSED, listening=0.0, app=frozenset(), workers=frozenset())
"""A world in which whatever a step waits for has come, but for looks and hooks."""

ENDS = {
    "lifecycle": (State.DONE, True),
    "spot": (State.DONE, True),
    "shutdown": (State.DRAINING, False),
    "operator": (State.DRAINED, False),
    "rebalance": (State.DRAINING, False),
    "maintenance": (State.DRAINING, False),
}
"""Where a leave of each cause ends when nothing else comes, and whether that is for good."""


def notice(cause: str, at: float = START, **more: object) -> Notice:
    return replace(Notice(cause, "key", f"{cause} says so", at, boot="this"), **more)  # type: ignore[arg-type]


def told(*notices: Notice, seen: Seen = QUIET, **more: object) -> Seen:
    """The causes that stand; all others were read, and do not."""
    standing = dict.fromkeys(CAUSES, None) | {one.cause: one for one in notices}
    return replace(seen, notices=standing, **more)  # type: ignore[arg-type]


def run(leave: Leave, seen: Seen, begin: float, seconds: float, rules: Rules = RULES) -> list[tuple[float, Leave]]:
    """Looks every half second; nothing is in flight, hooks have run as soon as they are asked for."""
    found: list[tuple[float, Leave]] = []
    for number in range(int(seconds * 2) + 1):
        now = begin + number / 2
        hooked = leave.began if leave.step is Step.HOOKS else None
        look = seen.look or Look(now, 0)
        leave = advance(leave, replace(seen, look=look, hooked=hooked), now, rules)
        found.append((now, leave))
    return found


def test_every_cause_has_its_row() -> None:
    """A module in causes/ is red until the table says where its leave ends."""
    places = Path(causes.__file__).parent.glob("*.py")
    modules = {place.stem for place in places} - {"__init__", "cause"}

    assert modules == set(CAUSES) == set(ENDS)


@pytest.mark.parametrize("cause", ENDS)
def test_where_a_leave_ends(cause: str) -> None:
    """In a world where nothing hinders it."""
    (_, last), *_ = reversed(run(Leave(), told(notice(cause), completed="CONTINUE"), START, 200))
    state, is_final = ENDS[cause]

    assert (state, is_final) == (last.state, CAUSES[cause].is_final)
    assert is_held(last) is not is_final


def test_the_order_of_a_leave() -> None:
    """From the gate to the group's last word, each state once."""
    steps = [leave.step for _, leave in run(Leave(), told(notice("lifecycle")), START, 20)]
    leave = run(Leave(), told(notice("lifecycle"), completed="CONTINUE"), START, 20)[-1][1]

    assert [Step.QUIET, Step.HOOKS, Step.COMPLETE] == list(dict.fromkeys(steps))
    assert ["draining", "stopping", "drained", "done"] == [change.state for change in leave.history]
    assert "CONTINUE" == leave.completed
    assert () == leave.cut


@pytest.mark.parametrize(
    ("seen", "step"),
    [
        (replace(QUIET, gate=None), Step.GATE),
        (replace(QUIET, gate=Gate.OPEN), Step.GATE),
        (replace(QUIET, unaware=frozenset({"10.0.0.2"})), Step.BALANCERS),
        (replace(QUIET, listening=START + 2), Step.BALANCERS),
        (replace(QUIET, listening=None), Step.BALANCERS),
        (replace(QUIET, look=Look(START + 1, 3)), Step.QUIET),
        (replace(QUIET, app=APP), Step.STOP),
        (replace(QUIET, app=None), Step.STOP),
        (replace(QUIET, workers=frozenset({"celery-shop@mail.service"})), Step.WORKERS),
        (QUIET, Step.COMPLETE),
    ],
    ids=[
        "no answer",
        "open",
        "a balancer",
        "just begun",
        "deaf",
        "in flight",
        "the app runs",
        "systemd silent",
        "workers run",
        "no word",
    ],
)
def test_what_holds_a_leave_up(seen: Seen, step: Step) -> None:
    """It goes no further than what it has seen."""
    rules = replace(RULES, workers=30)

    assert step is run(Leave(), told(notice("lifecycle"), seen=seen), START, 6, rules)[-1][1].step


def test_a_leave_says_what_ended_it() -> None:
    """The group's own word, where it came in time; else the deadline."""
    waits = run(Leave(), told(notice("lifecycle")), START, 20)[-1][1]
    whole = advance(waits, told(notice("lifecycle"), completed="completed: CONTINUE"), START + 21, RULES)
    late = run(Leave(), told(notice("lifecycle")), START, 200)[-1][1]

    assert (State.DONE, "completed: CONTINUE") == (whole.state, whole.history[-1].why)
    assert (State.DONE, "the deadline is over") == (late.state, late.history[-1].why)


def test_workers_that_end_badly_are_named() -> None:
    """Once, and the leave goes on; a unit that had failed before is not the leave's."""
    worker, other = "celery-shop@mail.service", "celery-old@mail.service"
    works = told(notice("operator"), seen=replace(QUIET, workers=frozenset({worker})))
    leave = run(Leave(), works, START, 6, replace(RULES, workers=30))[-1][1]
    ended = replace(works, workers=frozenset(), failed=frozenset({worker, other}))
    leave = run(leave, ended, START + 7, 6, replace(RULES, workers=30))[-1][1]

    assert State.DRAINED is leave.state
    assert (f"{worker} did not end well: what it had reserved goes to other workers, and not before the visibility "
            "timeout",) == leave.cut  # fmt: skip


def test_a_worker_that_still_stops_is_awaited_before_the_gate_opens() -> None:
    """Called back while its tasks end: it is started by systemd only then."""
    rules = replace(RULES, workers=1000)
    back = replace(Leave(), stopped=("celery-shop@mail.service",), step_began=START)
    seen = told(seen=replace(QUIET, wanted=frozenset(back.stopped), running=frozenset(), starting=START))

    assert back.stopped == advance(back, seen, START + 900, rules).stopped
    assert () == advance(back, seen, START + 1100 + RULES.stop, rules).stopped


@pytest.mark.parametrize(
    ("state", "step", "event", "then"),
    [
        (State.SERVING, None, (), State.SERVING),
        (State.SERVING, None, ("lifecycle",), State.DRAINING),
        (State.SERVING, None, ("operator",), State.DRAINING),
        (State.DRAINING, Step.GATE, (), State.SERVING),
        (State.DRAINING, Step.QUIET, (), State.SERVING),
        (State.DRAINING, None, (), State.SERVING),
        (State.DRAINING, None, ("operator",), State.DRAINING),
        (State.STOPPING, Step.STOP, (), State.SERVING),
        (State.DRAINED, None, (), State.SERVING),
        (State.DRAINED, None, ("lifecycle",), State.DRAINED),
        (State.DRAINED, None, ("shutdown", "operator"), State.DRAINED),
        (State.DONE, None, (), State.DONE),
        (State.DONE, None, ("operator",), State.DONE),
    ],
)
def test_the_table(state: State, step: Step | None, event: tuple[str, ...], then: State) -> None:
    """One look: the state, what stands now, the state after it. It had left for another reason before."""
    former = notice("rebalance" if "operator" in event else "operator")
    before = Leave(state, (former,) if state is not State.SERVING else (), began=START, step=step)
    before = replace(before, step_began=START, closed=START if step is not Step.GATE else None)
    seen = told(*(notice(cause, START + 1) for cause in event), seen=Seen(app=APP, workers=frozenset()))

    assert then is advance(before, seen, START + 1, RULES).state


def test_what_is_unknown_changes_nothing() -> None:
    """Neither a metadata service that is down nor a restart before the first look calls anything off."""
    leave = advance(Leave(), told(notice("operator")), START, RULES)

    assert Leave() == advance(Leave(), Seen(), START, RULES)
    assert State.DRAINING is advance(leave, Seen(), START + 1, RULES).state
    assert State.SERVING is advance(leave, told(), START + 1, RULES).state


def test_a_final_cause_stays() -> None:
    """Whatever is read of it later."""
    leave = advance(Leave(), told(notice("lifecycle")), START, RULES)

    assert leave.notices == advance(leave, told(), START + 1, RULES).notices


def test_a_rebalance_without_interruption_goes_back() -> None:
    """The same recommendation, which AWS goes on naming, does not drain a second time; another one does."""
    first = notice("rebalance", lapses=START + 600)
    during = run(Leave(), told(first), START, 599)
    after = run(during[-1][1], told(first), START + 600, 700)
    other = advance(after[-1][1], told(notice("rebalance", START + 1400, key="other")), START + 1400, RULES)

    assert is_held(during[-1][1])
    assert {State.SERVING} == {leave.state for _, leave in after}
    assert Gate.OPEN is orders(after[-1][1], START + 1300, RULES).gate
    assert State.DRAINING is other.state


def test_a_rebalance_that_is_followed_by_the_end() -> None:
    """The deadline is the last cause's own, not the recommendation's of ten minutes ago."""
    held = run(Leave(), told(notice("rebalance", lapses=START + 1600)), START, 900)[-1][1]
    both = told(notice("rebalance", lapses=START + 1600), notice("spot", START + 900))
    found = run(held, replace(both, app=APP), START + 900, 5)[-1][1]

    assert Step.STOP is found.step
    assert START + 1010 == deadline(found, RULES)
    assert () == found.cut


def test_a_leave_that_goes_on_looks_anew() -> None:
    """Ten minutes ago nothing was in flight; a client that still comes directly is not cut for that."""
    held = run(Leave(), told(notice("rebalance", lapses=START + 1600)), START, 600)[-1][1]
    both = told(notice("rebalance", lapses=START + 1600), notice("lifecycle", START + 600), app=APP)
    old = [leave for _, leave in run(held, replace(both, look=Look(START + 5, 0)), START + 600, 20)]
    busy = [leave for _, leave in run(held, replace(both, look=Look(START + 601, 3)), START + 600, 20)]

    assert {Step.QUIET} == {leave.step for leave in (*old, *busy)}
    assert Step.STOP is run(held, both, START + 600, 20)[-1][1].step


def test_an_agent_that_was_away_stops_the_app_all_the_same() -> None:
    """However long: nobody waits for an operator's drain, and drained means that the app was stopped."""
    for seconds in (0.0, 3.0):
        begun = run(Leave(), told(notice("operator"), app=APP), START, seconds)[-1][1]
        found = read(begun.as_json(), START + 1000, "this")
        leaves = run(found, told(notice("operator"), app=APP), START + 1000, 30)

        assert set(APP) == {unit for now, leave in leaves for unit in orders(leave, now, RULES).stop}
        assert Step.STOP is leaves[-1][1].step


def test_the_machines_end_has_an_end() -> None:
    """A nginx that hangs, or whose flag nobody can read, does not hold it up until systemd kills the agent."""
    for stuck in (Seen(), replace(QUIET, gate=Gate.OPEN, app=APP)):
        leaves = run(Leave(), told(notice("shutdown"), seen=stuck), START, 179)

        assert is_held(leaves[-1][1])
        assert any("gate" in line for line in leaves[-1][1].cut)


def test_an_operator_calls_it_back_and_the_app_starts_before_the_gate_opens() -> None:
    """Nobody is to be sent to an app that does not run yet."""
    stopping = run(Leave(), told(notice("operator"), app=APP), START, 5)[-1][1]
    back = advance(stopping, told(running=APP, wanted=APP), START + 6, RULES)
    early = advance(back, told(running=APP, wanted=APP), START + 7, RULES)
    stops = advance(back, told(running=frozenset(), wanted=APP, starting=START + 6), START + 7, RULES)
    ready = advance(back, told(running=APP, wanted=APP, starting=START + 6), START + 7, RULES)
    waits = advance(back, told(running=frozenset(), wanted=APP), START + 100, RULES)
    lost = advance(back, told(running=frozenset(), wanted=APP), START + 107, RULES)

    assert set(APP) == set(orders(stopping, START + 5, RULES).stop)
    assert Orders(Gate.CLOSED, start=tuple(sorted(APP))) == orders(back, START + 6, RULES)
    assert back == early == stops == waits
    assert Orders(Gate.OPEN) == orders(ready, START + 7, RULES) == orders(lost, START + 107, RULES)


def test_a_gate_that_stays_open_stops_no_app_that_may_be_called_back() -> None:
    """A flag that nginx cannot read would fail open; the group's own end waits no longer than it can."""
    stuck = replace(QUIET, gate=Gate.OPEN, app=APP)
    asked = run(Leave(), told(notice("operator"), seen=stuck), START, 1000)[-1][1]
    ended = run(Leave(), told(notice("lifecycle"), seen=stuck), START, 180)

    assert Step.GATE is asked.step
    assert State.DONE is ended[-1][1].state
    assert any("gate" in line for line in ended[-1][1].cut)


@pytest.mark.parametrize(
    ("seen", "step"),
    [
        (replace(QUIET, app=APP), Step.STOP),
        (replace(QUIET, workers=frozenset({"celery-shop@mail.service"})), Step.WORKERS),
    ],
    ids=["app", "workers"],
)
def test_drained_means_stopped_where_nobody_waits(seen: Seen, step: Step) -> None:
    """An operator who reads it takes the machine away: what does not end is never said to have ended."""
    leave = run(Leave(), told(notice("operator"), seen=seen), START, 5000, replace(RULES, workers=30))[-1][1]

    assert (State.STOPPING, step) == (leave.state, leave.step)
    assert () == leave.cut


def test_the_hold_counts_from_the_groups_own_deregistration() -> None:
    """Seventy seconds after the load balancer was told; an instance that no target group knows need not wait."""
    rules = replace(RULES, hold=70)
    own = run(Leave(), told(notice("lifecycle"), off=START + 2), START, 100, rules)
    earlier = run(Leave(), told(notice("lifecycle"), off=0.0), START, 100, rules)

    assert START + 72.5 == next(now for now, leave in own if leave.step is Step.COMPLETE)
    assert START + 10 > next(now for now, leave in earlier if leave.step is Step.COMPLETE)


@pytest.mark.parametrize("seen", [QUIET, replace(QUIET, app=APP), replace(QUIET, look=Look(START + 5, 9)), Seen()])
@pytest.mark.parametrize("hold", [0, 70, 120])
def test_a_spot_drain_ends_in_time(seen: Seen, hold: float) -> None:
    """Within 110 s, whatever does not come, and it says what it had no time for."""
    rules = replace(RULES, hold=hold, requests=100, workers=60)
    leaves = run(Leave(), told(notice("spot"), seen=seen), START, 110, rules)

    assert State.DONE is leaves[-1][1].state
    assert leaves[-1][1].cut


def test_what_is_cut_first() -> None:
    """The hold, then balancers, then hooks; the last word and the app's own end keep their time the longest."""
    rules = usual(hold=120)

    assert 105 - 10 - 40 - 30 == budget.share(Step.QUIET, 105, rules)
    assert "quiet cut to 25 s of 130 s" == budget.cut(Step.QUIET, 105, rules)
    assert 0 == budget.share(Step.HOOKS, 10, rules)
    assert 40 == budget.share(Step.STOP, 50, rules)
    assert 0 == budget.share(Step.STOP, 5, rules)


def test_beats_begin_with_the_notice_and_end_with_the_leave() -> None:
    """And never without a lifecycle action that waits for them."""
    leaves = run(Leave(), told(notice("lifecycle")), START, 20)
    over = run(leaves[-1][1], told(notice("lifecycle"), completed="CONTINUE"), START + 20, 1)[-1][1]
    spot = run(Leave(), told(notice("spot")), START, 5)

    assert {True} == {orders(leave, now, RULES).beat for now, leave in leaves}
    assert not orders(over, START + 21, RULES).beat
    assert {False} == {orders(leave, now, RULES).beat for now, leave in spot}


def test_the_last_word_is_tried_once_more_after_the_deadline() -> None:
    """A machine that stood still meanwhile has the group waiting; not for longer than the group itself would."""
    done = advance(
        advance(Leave(), told(notice("lifecycle")), START, RULES), told(notice("lifecycle")), START + 190, RULES
    )

    assert State.DONE is done.state
    assert orders(done, START + 190, RULES).complete
    assert not orders(done, START + 241, RULES).complete


def test_without_a_hook_nobody_is_told() -> None:
    """Nobody waits for it: it is done when it has drained."""
    leaves = run(Leave(), told(notice("lifecycle")), START, 20, usual())

    assert State.DONE is leaves[-1][1].state
    assert {(False, False)} == {(o.beat, o.complete) for o in (orders(leave, now, usual()) for now, leave in leaves)}


def test_an_agent_that_starts_finds_a_machine_that_is_up() -> None:
    """Whatever it knew of the machine's end, also where no boot lies between."""
    leave = run(Leave(), told(notice("shutdown")), START, 10)[-1][1]

    assert State.SERVING is read(leave.as_json(), START + 11, "this").state


def test_an_end_of_the_machine_that_was_called_off_ends_no_leave() -> None:
    """It was drained and waited for the group's word: it goes on to wait for it."""
    leave = run(Leave(), told(notice("lifecycle")), START, 20)[-1][1]
    halted = run(leave, told(notice("lifecycle"), notice("shutdown")), START + 21, 5)[-1][1]
    found = read(halted.as_json(), START + 30, "this")
    waits = advance(found, told(notice("lifecycle")), START + 30, RULES)
    whole = advance(waits, told(notice("lifecycle"), completed="CONTINUE"), START + 31, RULES)

    assert is_held(halted)
    assert (State.DRAINED, Step.COMPLETE) == (waits.state, waits.step)
    assert orders(waits, START + 30, RULES).complete
    assert (State.DONE, "CONTINUE") == (whole.state, whole.history[-1].why)


@pytest.mark.parametrize("cause", sorted(set(ENDS) - {"shutdown"}))
def test_a_restart_goes_on(cause: str) -> None:
    """From what is on the disk, at every moment; a step that nobody waits for has its time anew."""
    for now, leave in run(Leave(), told(notice(cause), app=APP), START, 60):
        anew = {"step_began": now, "idle": None} if CAUSES[cause].is_revocable else {}

        assert replace(leave, **anew) == read(leave.as_json(), now, "this")


def test_after_a_reboot() -> None:
    """A machine that was only rebooted serves again; one that was taken out stays out."""
    kept = {}
    for cause in ENDS:
        leave = run(Leave(), told(notice(cause), completed="CONTINUE"), START, 200)[-1][1]
        kept[cause] = read(leave.as_json(), START + 201, "another").state

    assert {
        "lifecycle": State.DONE, "spot": State.SERVING, "shutdown": State.SERVING,
        "operator": State.STOPPING, "rebalance": State.DRAINING, "maintenance": State.DRAINING,
    } == kept  # fmt: skip


@pytest.mark.parametrize("ends", ["reboot", "power cut"])
def test_a_boot_has_started_the_app_of_a_host_that_is_out(ends: str) -> None:
    """It is stopped anew, with the hooks for what it has said meanwhile; once a boot, not once an agent."""
    operator = notice("operator", boot="before")
    out = run(Leave(), told(operator, app=APP), START, 2)[-1][1]
    out = run(out, told(operator), START + 3, 120)[-1][1]
    if ends == "reboot":
        out = run(out, told(operator, notice("shutdown", boot="before")), START + 130, 5)[-1][1]
    found = read(out.as_json(), START + 200, "this")
    first = advance(found, told(operator, app=APP), START + 200, RULES)
    later = run(first, told(operator), START + 201, 60)
    again = read(later[-1][1].as_json(), START + 300, "this")

    assert (State.STOPPING, Step.STOP) == (found.state, found.step)
    assert sorted(APP) == sorted(orders(first, START + 200, RULES).stop)
    assert Gate.CLOSED is orders(found, START + 200, RULES).gate
    assert any(orders(leave, now, RULES).hooks for now, leave in later)
    assert (State.DRAINED, True) == (again.state, is_held(again))
    assert APP == set(again.stopped)


@pytest.mark.parametrize("cause", ["operator", "rebalance", "maintenance"])
def test_workers_that_a_boot_left_out_start_when_the_host_is_called_back(cause: str) -> None:
    """Behind a closed gate a boot starts none, and no leave has stopped them."""
    rules = replace(RULES, workers=30)
    out = run(Leave(), told(notice(cause, boot="before")), START, 4, rules)[-1][1]
    found = read(out.as_json(), START + 100, "this")
    back = advance(found, told(), START + 101, rules)
    waits = advance(back, told(running=frozenset(), wanted=APP, starting=START + 102), START + 103, rules)
    ready = advance(back, told(running=APP, wanted=APP, starting=START + 102), START + 103, rules)
    later = advance(waits, told(notice("operator", START + 104)), START + 104, rules)

    assert () == found.stopped
    assert Orders(Gate.CLOSED, start=(EVERY_WORKER,)) == orders(back, START + 101, rules)
    assert back == waits
    assert Orders(Gate.OPEN) == orders(ready, START + 103, rules)
    assert () == later.stopped


@pytest.mark.parametrize("beside", ["operator", "rebalance", "maintenance"])
def test_a_spot_instance_that_runs_again_goes_by_what_else_stands(beside: str) -> None:
    """Stopped and started, no longer interrupted: it leaves anew for the rest, and serves when that is over."""
    other = notice(beside, boot="before")
    over = run(Leave(), told(notice("spot", boot="before"), other), START, 200)[-1][1]
    found = read(over.as_json(), START + 300, "this")
    again = run(found, told(other), START + 300, 100)[-1][1]
    back = run(again, told(running=frozenset(), wanted=frozenset()), START + 401, 1)[-1][1]

    assert (State.DONE, State.DRAINING, START + 300) == (over.state, found.state, found.began)
    assert (*ENDS[beside][:1], True) == (again.state, is_held(again))
    assert (State.SERVING, Gate.OPEN) == (back.state, orders(back, START + 402, RULES).gate)


@pytest.mark.parametrize("leap", [3600.0, -3600.0])
def test_a_clock_that_was_set_moves_the_end_of_a_rebalance_and_not_of_maintenance(leap: float) -> None:
    """How long the first is believed was reckoned here; when the other is over AWS has said."""
    ends = dict.fromkeys(("rebalance", "maintenance"), START + 600)
    leave = run(Leave(), told(*(notice(cause, lapses=end) for cause, end in ends.items())), START, 4)[-1][1]
    found = read(leave.as_json(Stamp(START + 4, 100.0, "this")), START + 5 + leap, "this", 101.0)

    assert {**ends, "rebalance": START + 600 + leap} == {one.cause: one.lapses for one in found.notices}


def test_a_clock_that_was_set_back_does_not_prolong_it() -> None:
    """What is on disk began no later than now."""
    leave = run(Leave(), told(notice("lifecycle")), START, 10)[-1][1]
    found = read(leave.as_json(), START - 5000, "this")

    assert START - 5000 + RULES.deadline == deadline(found, RULES)


@pytest.mark.parametrize("leap", [3600.0, -3600.0])
@pytest.mark.parametrize("cause", ["lifecycle", "operator"])
def test_a_clock_that_was_set_while_no_agent_ran_takes_no_time_from_a_leave(cause: str, leap: float) -> None:
    """Nor gives any: it has as long as it would have had, and the gate that was closed is."""
    begun = advance(Leave(), told(notice(cause)), START, RULES)
    leave = advance(begun, told(notice(cause), seen=replace(QUIET, unaware=frozenset({"10.0.0.1"}))), START + 4, RULES)
    kept = leave.as_json(Stamp(START + 4, 100.0, "this"))
    found = read(kept, START + 5 + leap, "this", 101.0)

    assert leave.closed is not None
    assert (leave.step, leave.closed + leap) == (found.step, found.closed)
    assert deadline(leave, RULES) + leap == deadline(found, RULES)


def test_the_end_that_aws_names_is_read_anew() -> None:
    """Reckoned by a clock that was set since; what else is known of the notice stays."""
    first = notice("spot", end=START + 115)
    leave = advance(Leave(), told(first), START, RULES)
    later = advance(leave, told(replace(first, since=START + 9, end=START + 25)), START + 10, RULES)

    assert (replace(first, end=START + 25),) == later.notices


def test_over_a_boot_nobody_knows_how_long_it_took() -> None:
    """The wall clock is all there is."""
    leave = run(Leave(), told(notice("lifecycle")), START, 10)[-1][1]
    found = read(leave.as_json(Stamp(START + 10, 9000.0, "this")), START + 30, "another", 5.0)

    assert deadline(leave, RULES) == deadline(found, RULES)


def test_the_machines_end_stops_nothing_itself() -> None:
    """systemd takes no new job then: it stops the app once the agent has ended."""
    leaves = run(Leave(), told(notice("shutdown"), notice("lifecycle"), app=APP), START, 30)

    assert {()} == {orders(leave, now, RULES).stop for now, leave in leaves}
    assert {False} == {orders(leave, now, RULES).complete for now, leave in leaves}
    assert is_held(leaves[-1][1])
    assert Reach.OUT is CAUSES["shutdown"].reach
