"""Suspended processes in a plan: a former breaker's are lifted, a person's stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from slackwater.agents.breaker.mark import KEYS, OWNER, State
from slackwater.agents.breaker.policy import Rules
from slackwater.agents.breaker.watch import Watch
from slackwater.aws.group import Group
from slackwater.aws.suspension import plan_suspension, suspension_notes
from slackwater.settings import Breaker, ScalingGroup
from tests.aws.resources import Lab, declare, names
from tests.aws.resources import lab as start
from tests.aws.whole import planned, run

MARK = {OWNER: "balancer-1", "slackwater:breaker-reason": "no capacity", "slackwater:breaker-state": "open"}
ALWAYS = 1000


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def there(*suspended: str, state: State | None = None) -> Group:
    """A group as AWS holds it; with a state the breaker's mark is on it."""
    mark = {**MARK, "slackwater:breaker-state": state.value} if state else {}
    return Group({}, {"slackwater:managed": "shop", **mark}, frozenset(), {}, suspended=suspended)


def broken(lab: Lab) -> ScalingGroup:
    """A group whose breaker has opened, declared without it now."""
    told: dict[str, Any] = {"name": "forgotten", "minimum": 0, "desired": 1}
    group = lab.declare(**told, breaker=Breaker(failures=1))
    lab.endpoint.cloud.fail_launches(group.name, ALWAYS)
    run(lab, group)
    seen = Watch(Rules(group.name, 1, 3600, "balancer-1"), lambda: lab.client("autoscaling"), lambda _: None).look()
    assert "open" == seen.state, seen
    lab.endpoint.cloud.fail_launches(group.name, 0)
    return lab.declare(**told)


def test_a_breaker_that_is_taken_out_while_it_is_open_leaves_nothing_suspended(lab: Lab) -> None:
    """Nobody watches any more who would lift it: the apply that takes it out does, and the second one rests."""
    group = broken(lab)
    called = run(lab, group)
    (found,) = lab.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group.name])[
        "AutoScalingGroups"
    ]

    assert [
        "resume_processes: the breaker is no longer declared; it had suspended them: 1 launches in a row failed: We",
        "delete_tags: the breaker is no longer declared",
    ] == [line.partition(" currently")[0] for line in called]
    assert [] == found["SuspendedProcesses"]
    assert set() == set(KEYS) & {tag["Key"] for tag in found["Tags"]}
    assert ((), ()) == (planned(lab, group).calls, planned(lab, group).notes)


@pytest.mark.parametrize("state", [State.OPEN, State.TRIPPING, State.LIFTING])
def test_what_it_suspended_is_resumed_before_its_tags_go(state: State) -> None:
    """Between the two an apply may break off: without the tags it would look like a person's, and stay."""
    found = there("Launch", "Terminate", state=state)

    assert [
        "resume_processes: the breaker is no longer declared; it had suspended them: no capacity",
        "delete_tags: the breaker is no longer declared",
    ] == names(list(plan_suspension(declare(), found)))
    assert ["suspended and left so: Terminate"] == list(suspension_notes(declare(), found))


@pytest.mark.parametrize(("suspended", "notes"), [((), []), (("Launch",), ["suspended and left so: Launch"])])
def test_on_trial_only_its_tags_go(suspended: tuple[str, ...], notes: list[str]) -> None:
    """It had freed launches; who has suspended them since is a person."""
    found = there(*suspended, state=State.TRIAL)

    assert ["delete_tags: the breaker is no longer declared"] == names(list(plan_suspension(declare(), found)))
    assert notes == list(suspension_notes(declare(), found))


def test_tags_that_were_left_over_go() -> None:
    """An apply that broke off after the first of the two calls."""
    assert ["delete_tags: the breaker is no longer declared"] == names(
        list(plan_suspension(declare(), there(state=State.OPEN)))
    )


@pytest.mark.parametrize(
    ("group", "found"),
    [
        (declare(breaker=Breaker()), there("Launch", state=State.OPEN)),
        (declare(), there("Launch")),
        (declare(), there()),
        (declare(), None),
    ],
    ids=["a breaker's that is declared", "a person's", "nobody's", "no group"],
)
def test_whatever_else_is_suspended_stays_so(group: ScalingGroup, found: Group | None) -> None:
    """The breaker lifts its own when it expires, and a person had a reason."""
    assert [] == list(plan_suspension(group, found))
