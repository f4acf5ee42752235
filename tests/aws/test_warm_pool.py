"""The warm pool: put, changed, deleted when it is no longer declared; what is still going is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from slackwater.aws.warm_pool import observe_warm_pool, plan_warm_pool
from slackwater.settings import WarmPool
from tests.aws.resources import Lab, checked, declare, names
from tests.aws.resources import lab as start

POOL = WarmPool(minimum=1, prepared=3)
THERE = {"MinSize": 1, "MaxGroupPreparedCapacity": 3, "PoolState": "Stopped"}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def test_a_warm_pool_converges_twice_and_rests_once(lab: Lab) -> None:
    """What was put is what is found."""
    group = lab.make(lab.declare(warm_pool=POOL))

    assert ["put_warm_pool: new"] == lab.run(plan_warm_pool(group, observe_warm_pool(lab.clients, group)))
    assert [] == plan_warm_pool(group, observe_warm_pool(lab.clients, group))


def test_a_warm_pool_that_is_no_longer_declared_goes(lab: Lab) -> None:
    """And the next look plans nothing."""
    group = lab.make(lab.declare(warm_pool=POOL))
    lab.run(plan_warm_pool(group, observe_warm_pool(lab.clients, group)))
    bare = lab.declare(name=group.name)

    assert ["delete_warm_pool: no longer declared"] == lab.run(
        plan_warm_pool(bare, observe_warm_pool(lab.clients, bare))
    )
    assert [] == plan_warm_pool(bare, observe_warm_pool(lab.clients, bare))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"minimum": 2}, "MinSize 1 -> 2"),
        ({"prepared": 4}, "MaxGroupPreparedCapacity 3 -> 4"),
        ({"prepared": None}, "MaxGroupPreparedCapacity 3 -> -1"),
    ],
)
def test_each_changed_field_is_named(changed: dict[str, Any], reason: str) -> None:
    """One call, which says what differs."""
    group = declare(warm_pool=WarmPool(**{"minimum": 1, "prepared": 3, **changed}))

    assert [f"put_warm_pool: {reason}"] == names(plan_warm_pool(group, THERE))


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"PoolState": "Running"}, "PoolState Running -> Stopped"),
        ({"InstanceReusePolicy": {"ReuseOnScaleIn": True}}, "InstanceReusePolicy.ReuseOnScaleIn True -> False"),
    ],
)
def test_a_pool_that_others_changed_waits_stopped_again(found: dict[str, Any], reason: str) -> None:
    """Nothing on an instance would follow another kind of waiting."""
    group = declare(warm_pool=POOL)

    assert [f"put_warm_pool: {reason}"] == names(plan_warm_pool(group, {**THERE, **found}))


def test_what_aws_adds_is_no_drift() -> None:
    """And what it leaves out stands at AWS's own default."""
    group = declare(warm_pool=WarmPool())

    assert [] == plan_warm_pool(group, {"MinSize": 0, "PoolState": "Stopped", "Ipv6": "?"})


def test_one_that_is_still_going_is_waited_for_before_the_next(lab: Lab) -> None:
    """AWS refuses a pool while the former one is being deleted."""
    group = declare(warm_pool=POOL)

    first, second = checked(plan_warm_pool(group, {**THERE, "Status": "PendingDelete"}))

    assert first.wait is not None
    assert ("WarmPoolConfiguration", None) == (first.wait.query, first.wait.until)
    assert ("put_warm_pool", "new") == (second.method, second.reason)


def test_one_that_is_still_going_is_not_deleted_again() -> None:
    """It is on its way; AWS refuses a second word."""
    assert [] == plan_warm_pool(declare(), {**THERE, "Status": "PendingDelete"})


def test_deleting_lets_the_instances_leave_by_their_hook() -> None:
    """Without ForceDelete, and apply waits until the pool is empty, with an end."""
    (call,) = checked(plan_warm_pool(declare(), THERE))

    assert {"AutoScalingGroupName": "shop"} == call.arguments
    assert call.wait is not None
    assert 3600 == call.wait.limit
