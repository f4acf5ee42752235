"""The policy: from what is known and reported to who serves, in milliseconds."""

from __future__ import annotations

import pytest

from slackwater.agents.upstreams.checker.outcome import DRAINING, GOOD, Outcome, Question, Result
from slackwater.agents.upstreams.configuration import Rules
from slackwater.agents.upstreams.members import Member, Place
from slackwater.agents.upstreams.policy.death import deaths
from slackwater.agents.upstreams.policy.fleet import Fleet, Report, Transition, adopt, forget, recovered, step
from slackwater.agents.upstreams.policy.share import ramps, weights

BAD = Outcome(Result.BAD, "no connection within 1 s", silent=True)
REFUSED = Outcome(Result.BAD, "connection refused")
SICK = Outcome(Result.BAD, "500: oh", heard=True)
OWN = Outcome(Result.UNKNOWN, "the balancer itself: EMFILE")
ANSWERS = {"+": GOOD, "-": BAD, "r": REFUSED, "5": SICK, "d": DRAINING, "?": OWN}
RULES = Rules(rise=2, fall=3, floor=50, ready_floor=10, slow_start=30)


def member(number: int, *, backup: bool = False) -> Member:
    return Member(f"app-{number}", Place(f"10.0.0.{number}", 8000), backup=backup)


def serving(count: int, backups: int = 0) -> Fleet:
    """So many that served before a restart."""
    main = [member(number) for number in range(1, count + 1)]
    spare = [member(number, backup=True) for number in range(101, 101 + backups)]
    return recovered((one, 100.0) for one in main + spare)


def tell(fleet: Fleet, number: int, answers: str, rules: Rules = RULES) -> tuple[Fleet, list[Transition]]:
    """One answer after the other, a second apart, from the backend of that number."""
    transitions = []
    for second, answer in enumerate(answers):
        report = Report(Place(f"10.0.0.{number}", 8000), Question.LIVE, ANSWERS[answer])
        fleet, moved = step(fleet, [report], rules, 1000.0 + second)
        transitions += moved
    return fleet, transitions


def cut(fleet: Fleet, number: int, answers: str) -> list[str]:
    """After each answer: who is to be cut off."""
    found = []
    for answer in answers:
        after, _ = tell(fleet, number, answer)
        found.append("".join(str(place).split(":")[0][-1] for place in deaths(fleet, after, RULES)))
        fleet = after
    return found


def states(fleet: Fleet) -> str:
    """In the order of the numbers: u up, h held, d draining, x down, n new."""
    letters = {"up": "u", "held": "h", "draining": "d", "down": "x", "new": "n"}
    records = sorted(fleet.records.values(), key=lambda record: int(record.member.name[4:]))
    return "".join(letters[record.state] for record in records)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("", "u"),
        ("--", "u"),
        ("---", "x"),
        ("--+--+--+", "u"),
        ("-+-+-+-+-+-+", "u"),
        ("5+5+5+5+", "u"),
        ("555", "x"),
        ("---+", "x"),
        ("---++", "u"),
        ("---+-+-+", "x"),
        ("d", "d"),
        ("d+", "d"),
        ("d++", "u"),
        ("d-----", "d"),
        ("d---+", "d"),
        ("d---++", "u"),
        ("--d", "d"),
        ("??????", "u"),
        ("--?-", "x"),
    ],
)
def test_rows_of_answers_move_a_backend(answers: str, expected: str) -> None:
    """Three bad in a row take one of three out, two good bring it back; `draining` is enough once."""
    fleet, _ = tell(serving(3), 1, answers)

    assert f"{expected}uu" == states(fleet)


def test_a_new_backend_starts_down() -> None:
    """It waits for two good answers in a row; bad ones in between start the row anew and take nobody out."""
    fleet, _ = adopt(serving(1), [member(1), member(2)], RULES, 1000.0)
    seen = [states(fleet)]
    for answers in ("+", "-----", "+", "+"):
        fleet, _ = tell(fleet, 2, answers)
        seen.append(states(fleet))

    assert ["un", "un", "un", "un", "uu"] == seen


def test_the_first_start_takes_the_first_good_answer() -> None:
    """Nobody serves yet: waiting for a second answer would protect nothing."""
    fleet, _ = adopt(Fleet(), [member(1), member(2)], RULES, 1000.0)
    fleet, first = tell(fleet, 1, "+")
    fleet, _ = tell(fleet, 2, "-+")

    assert "uu" == states(fleet)
    assert [("new", "up", "1 good in a row")] == [(one.before, one.after, one.reason) for one in first]


def test_a_backend_that_was_new_and_is_dead_is_not_counted() -> None:
    """Ten that boot beside one that serves: the floor holds nobody who has never served."""
    fleet, _ = adopt(serving(1), [member(number) for number in range(1, 12)], RULES, 1000.0)
    for number in range(2, 12):
        fleet, _ = tell(fleet, number, "---")

    assert "u" + "n" * 10 == states(fleet)


@pytest.mark.parametrize(
    ("count", "floor", "dead", "expected"),
    [
        (4, 50, [1, 2], "xxuu"),
        (4, 50, [1, 2, 3], "xxhu"),
        (4, 50, [1, 2, 3, 4], "xxhh"),
        (4, 100, [2], "uhuu"),
        (4, 0, [1, 2, 3], "xxxu"),
        (4, 0, [1, 2, 3, 4], "xxxh"),
        (1, 50, [1], "h"),
        (2, 50, [1, 2], "xh"),
        (3, 50, [1, 2], "xhu"),
        (10, 30, list(range(1, 11)), "xxxxxxxhhh"),
    ],
)
def test_the_floor_holds_who_looks_bad(count: int, floor: int, dead: list[int], expected: str) -> None:
    """Never fewer than that share serve, and never nobody: who serves when the floor is met is kept."""
    rules = Rules(floor=floor)
    fleet = serving(count)
    for number in dead:
        fleet, _ = tell(fleet, number, "---", rules)

    assert expected == states(fleet)


def test_all_at_once_keeps_those_that_answer() -> None:
    """One decision for all: who answers at all is held before who is silent."""
    fleet = serving(4)
    for number, answers in ((1, "--"), (2, "55"), (3, "--"), (4, "55")):
        fleet, _ = tell(fleet, number, answers)
    last = [BAD, SICK, BAD, SICK]
    reports = [Report(Place(f"10.0.0.{n}", 8000), Question.LIVE, last[n - 1]) for n in (1, 2, 3, 4)]
    fleet, moved = step(fleet, reports, RULES, 2000.0)

    assert "xhxh" == states(fleet)
    assert "500: oh (3 in a row), but 0 of 4 look well, 50 % must serve" == moved[1].reason


def test_who_was_held_goes_when_others_are_well_again() -> None:
    """The floor is met by good ones: the bad one leaves, and then its connections are cut."""
    fleet = serving(2)
    for number in (1, 2):
        fleet, _ = tell(fleet, number, "---")
    held = states(fleet)
    dead = cut(fleet, 1, "++")
    fleet, _ = tell(fleet, 1, "++")

    assert ("xh", "ux") == (held, states(fleet))
    assert ["", "2"] == dead


def test_who_was_held_recovers_in_place() -> None:
    """It never left, so it does not begin its ramp anew."""
    fleet, _ = tell(serving(1), 1, "---")
    fleet, moved = tell(fleet, 1, "++")

    assert [("held", "up")] == [(one.before, one.after) for one in moved]
    assert [100.0] == [record.since for record in fleet.records.values()]


def test_who_drains_is_not_counted_and_not_cut() -> None:
    """Two of three drain, the third fails: it is held; those that drain serve on, too, until it is well."""
    fleet = serving(3)
    for number in (1, 2):
        fleet, _ = tell(fleet, number, "d")
    calm = states(fleet)
    dead = cut(fleet, 3, "---++")
    fleet, _ = tell(fleet, 3, "---")
    needed = states(fleet)
    fleet, _ = tell(fleet, 3, "++")

    assert ("ddu", "hhh", "ddu") == (calm, needed, states(fleet))
    assert not any(dead)


def test_the_only_backend_that_drains_serves_on() -> None:
    """It answers every request until it is stopped; when it falls silent there is nothing left to keep."""
    fleet, moved = tell(serving(1), 1, "d")
    kept = states(fleet)
    dead = cut(fleet, 1, "---")
    fleet, _ = tell(fleet, 1, "---")

    assert ("h", "d") == (kept, states(fleet))
    assert "it answers that it drains, but no other looks well" == moved[0].reason
    assert ["", "", "1"] == dead


def test_who_left_finishes_and_is_forgotten() -> None:
    """No source names it any more: no new request; it is watched until nothing is in flight."""
    fleet, moved = adopt(serving(3), [member(2), member(3)], RULES, 1000.0)
    without, gone = forget(fleet, [member(1).place, member(2).place], RULES, 1010.0)

    assert "duu" == states(fleet)
    assert ["no source names it any more"] == [one.reason for one in moved]
    assert ("uu", ["gone"]) == (states(without), [one.after for one in gone])


@pytest.mark.parametrize(("answers", "kept"), [("+", "uu"), ("-", "duu"), ("--", "duu"), ("---", "uu"), ("rrr", "uu")])
def test_who_left_and_falls_silent_is_not_forgotten_before_it_is_found_dead(answers: str, kept: str) -> None:
    """Connections are kept to it with nothing in flight; another instance may get its address."""
    fleet, _ = adopt(serving(3), [member(2), member(3)], RULES, 1000.0)
    fleet, _ = tell(fleet, 1, answers)
    without, _ = forget(fleet, [member(1).place], RULES, 1010.0)

    assert kept == states(without)


def test_who_left_and_dies_is_cut() -> None:
    """An instance that was taken away with requests in flight: nobody will answer them."""
    fleet, _ = adopt(serving(3), [member(2), member(3)], RULES, 1000.0)
    dead = cut(fleet, 1, "---")
    fleet, _ = tell(fleet, 1, "---")

    assert "xuu" == states(fleet)
    assert ["", "", "1"] == dead


@pytest.mark.parametrize(
    ("answers", "dead"), [("d---", [4]), ("d-d--", []), ("d555", []), ("drrrr", []), ("drrr-", [5])]
)
def test_who_drains_and_dies_is_cut(answers: str, dead: list[int]) -> None:
    """It was ended before it had finished. In order it stops its app, then its nginx, and may go: nothing is left."""
    found = cut(serving(3), 1, answers)

    assert dead == [number for number, who in enumerate(found, 1) if who]


@pytest.mark.parametrize("answers", ["5555", "rrrr"])
def test_who_left_and_stops_in_order_is_not_cut(answers: str) -> None:
    """Its nginx says 502 for an app that was stopped, or finishes what it has and refuses the rest: what is in flight
    there may still be answered."""
    fleet, _ = adopt(serving(3), [member(2), member(3)], RULES, 1000.0)
    dead = cut(fleet, 1, answers)
    fleet, _ = tell(fleet, 1, answers)

    assert "xuu" == states(fleet)
    assert not any(dead)


@pytest.mark.parametrize(
    ("answers", "dead"),
    [
        ("555", []),
        ("---", [3]),
        ("5-5", []),
        ("55-", []),
        ("55---", [5]),
        ("555---", [6]),
        ("555--5-", []),
        ("555--+-", []),
        ("555-?--", [7]),
        ("555------", [6]),
        ("---5---", [3, 7]),
        ("---++---", [3, 8]),
        ("rrrrrr", []),
        ("rrrr-", [5]),
        ("-rr", [3]),
        ("-5rrr", []),
        ("5rr-", [4]),
    ],
)
def test_only_who_is_not_heard_at_all_is_dead(answers: str, dead: list[int]) -> None:
    """500, 502 or 504 comes from a host that is there: it is out, and what it still does is not cut off. One that falls
    silent later is dead then, once. Nor is who only refuses: its kernel is there, and ends what nobody serves."""
    found = cut(serving(3), 1, answers)

    assert dead == [number for number, who in enumerate(found, 1) if who]


def test_a_whole_new_fleet_replaces_the_old_one_without_a_gap() -> None:
    """The old ones serve until one of the new is well."""
    fleet, _ = adopt(serving(2), [member(3), member(4)], RULES, 1000.0)
    waiting = states(fleet)
    fleet, _ = tell(fleet, 3, "++")

    assert ("hhnn", "ddun") == (waiting, states(fleet))


def test_no_members_change_nothing() -> None:
    """An empty fleet is a mistake of whoever says so."""
    before = serving(2)

    assert (before, []) == adopt(before, [], RULES, 1000.0)


def test_a_new_name_or_weight_takes_nobody_out() -> None:
    """The place is what counts."""
    other = Member("web-1", member(1).place, weight=50)
    fleet, moved = adopt(serving(2), [other, member(2)], RULES, 1000.0)

    assert [] == moved
    assert {50, 100} == set(weights(fleet.records.values(), RULES).values())


def test_backups_take_over_when_nobody_else_is_well() -> None:
    """The floor holds no dead backend then: this is what they are there for."""
    fleet = serving(2, backups=1)
    seen = []
    for number in (1, 2, 101):
        fleet, _ = tell(fleet, number, "---")
        seen.append(states(fleet))

    assert ["xuu", "xxu", "xxh"] == seen


def ready(fleet: Fleet, answers: dict[int, bool]) -> Fleet:
    for number, good in answers.items():
        outcome = GOOD if good else Outcome(Result.BAD, "503: no database", heard=True)
        fleet, _ = step(fleet, [Report(member(number).place, Question.READY, outcome)], RULES, 1000.0)
    return fleet


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, [100, 100, 100]),
        ({1: False}, [10, 100, 100]),
        ({1: False, 2: False}, [10, 10, 100]),
        ({1: False, 2: False, 3: False}, [100, 100, 100]),
        ({1: False, 2: True, 3: True}, [10, 100, 100]),
    ],
)
def test_readiness_moves_weight_and_nobody(answers: dict[int, bool], expected: list[int]) -> None:
    """Unknown is ready; when all say no, what they wait for is down and all are equal."""
    fleet = ready(serving(3), answers)

    assert expected == list(weights(fleet.records.values(), RULES).values())
    assert "uuu" == states(fleet)


def test_readiness_comes_back() -> None:
    """One good answer is enough, as one bad one was."""
    fleet = ready(ready(serving(2), {1: False}), {1: True})

    assert [100, 100] == list(weights(fleet.records.values(), RULES).values())


def test_who_comes_back_begins_its_ramp() -> None:
    """Then, not when it left; nobody ramps when all would."""
    fleet, _ = tell(serving(2), 1, "---++")
    since = {place: record.since for place, record in fleet.records.items()}

    assert [1004.0, 100.0] == list(since.values())
    assert [0.1, 1.0] == list(ramps(since, 30, 1004.0).values())
    assert [0.55, 1.0] == [round(share, 2) for share in ramps(since, 30, 1019.0).values()]
    assert [1.0, 1.0] == list(ramps(since, 30, 1034.0).values())
    assert [1.0, 1.0] == list(ramps(dict.fromkeys(since, 1004.0), 30, 1004.0).values())


def test_a_clock_that_was_set_back_stops_nobody() -> None:
    """Who came in at a time that is yet to come has all of its weight, not a tenth until then."""
    since = {member(1).place: 1004.0, member(2).place: 100.0}

    assert [1.0, 1.0] == list(ramps(since, 30, 900.0).values())


def test_a_lowered_weight_is_recovered_as_such() -> None:
    """It was not ready before the restart, and is not until it says so; then it has its full weight again."""
    fleet = recovered([(member(1), 100.0), (member(2), 100.0)], [member(1).place])
    before = list(weights(fleet.records.values(), RULES).values())
    fleet = ready(fleet, {1: True})

    assert [10, 100] == before
    assert [100, 100] == list(weights(fleet.records.values(), RULES).values())
