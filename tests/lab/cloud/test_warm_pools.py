"""A warm pool in time: its instances are prepared, stopped, and come into service."""

from __future__ import annotations

from tests.lab.cloud.fleet import UP, Fleet


def warm(fleet: Fleet) -> list[tuple[str, str]]:
    found = fleet.asg.describe_warm_pool(AutoScalingGroupName="g")["Instances"]
    return [(each["InstanceId"], each["LifecycleState"]) for each in found]


def power(fleet: Fleet, instance: str) -> str:
    found = fleet.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return str(found["State"]["Name"])


def test_the_launch_hook_holds_an_instance_twice(fleet: Fleet) -> None:
    """On its way into the pool and on its way into service; it reads where it is going."""
    fleet.make([UP], MaxSize=1)
    fleet.asg.put_warm_pool(AutoScalingGroupName="g", MinSize=1, PoolState="Stopped")
    ((one, preparing),) = warm(fleet)
    told = fleet.endpoint.cloud.metadata(one).target
    fleet.complete("up", "CONTINUE", one)
    ((_, ready),) = warm(fleet)
    off = power(fleet, one)
    fleet.desire(1)
    coming = fleet.states(), power(fleet, one), fleet.endpoint.cloud.metadata(one).target
    fleet.complete("up", "CONTINUE", one)

    assert ("Warmed:Pending:Wait", "Warmed:Stopped") == (preparing, told)
    assert ("Warmed:Stopped", "stopped") == (ready, off)
    assert (["Pending:Wait"], "running", "InService") == coming
    assert one in fleet.ids()
    path = ["Warmed:Pending", "Warmed:Pending:Wait", "Warmed:Pending:Proceed", "Warmed:Stopped"]
    assert [*path, "Pending", "Pending:Wait", "Pending:Proceed", "InService"] == fleet.path(one)


def test_a_group_takes_nobody_who_is_not_prepared_yet(fleet: Fleet) -> None:
    """It launches another instead."""
    fleet.make([UP], MaxSize=1)
    fleet.asg.put_warm_pool(AutoScalingGroupName="g", MinSize=1)
    ((preparing, _),) = warm(fleet)
    fleet.desire(1)

    assert preparing not in fleet.ids()
    assert ["Pending:Wait"] == fleet.states()


def test_a_silent_preparation_is_abandoned_and_tried_again(fleet: Fleet) -> None:
    """As any other launch."""
    fleet.make([UP], MaxSize=1)
    fleet.asg.put_warm_pool(AutoScalingGroupName="g", MinSize=1)
    ((first, _),) = warm(fleet)
    fleet.turn(60.5)
    between = warm(fleet)
    fleet.turn(2)
    ((second, state),) = warm(fleet)

    assert [] == between
    assert (True, "Warmed:Pending:Wait") == (first != second, state)
    assert ["Warmed:Terminating", "Warmed:Terminated"] == fleet.path(first)[-2:]
