"""A warm pool in time: its instances are prepared, stopped, and come into service."""

from __future__ import annotations

from typing import Any

from tests.lab.cloud.fleet import DOWN, UP, Fleet


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


def prepared(fleet: Fleet, **more: Any) -> str:
    """The one that is ready in the pool of a group with both hooks; its id."""
    fleet.make([UP, DOWN], MaxSize=1, **more)
    fleet.asg.put_warm_pool(AutoScalingGroupName="g", MinSize=1)
    ((one, _),) = warm(fleet)
    fleet.complete("up", "CONTINUE", one)
    return one


def test_whoever_leaves_the_pool_waits_for_its_hook(fleet: Fleet) -> None:
    """It no longer counts there: another is prepared where the pool is wanted again."""
    one = prepared(fleet)
    fleet.asg.delete_warm_pool(AutoScalingGroupName="g")
    ((_, waiting),) = warm(fleet)
    told = fleet.endpoint.cloud.metadata(one).target
    fleet.asg.put_warm_pool(AutoScalingGroupName="g", MinSize=1)
    both = [state for _, state in warm(fleet)]
    fleet.complete("down", "CONTINUE", one)

    assert ("Warmed:Terminating:Wait", "Warmed:Terminated") == (waiting, told)
    assert ["Warmed:Terminating:Wait", "Warmed:Pending:Wait"] == both
    assert ["Warmed:Pending:Wait"] == [state for _, state in warm(fleet)]
    assert ["Warmed:Terminating:Proceed", "Warmed:Terminated"] == fleet.path(one)[-2:]


def test_with_terminate_suspended_nobody_leaves_the_pool(fleet: Fleet) -> None:
    """Until it is resumed."""
    one = prepared(fleet)
    fleet.suspend("Terminate")
    fleet.asg.delete_warm_pool(AutoScalingGroupName="g")
    kept = warm(fleet)
    fleet.resume("Terminate")

    assert [(one, "Warmed:Stopped")] == kept
    assert [(one, "Warmed:Terminating:Wait")] == warm(fleet)


def test_a_pool_goes_with_its_group(fleet: Fleet) -> None:
    """No hook holds anybody of a group that is deleted by force, whatever is suspended."""
    one = prepared(fleet)
    fleet.suspend("Terminate")
    fleet.asg.delete_auto_scaling_group(AutoScalingGroupName="g", ForceDelete=True)

    assert ["Warmed:Terminating", "Warmed:Terminated"] == fleet.path(one)[-2:]
    assert "terminated" == power(fleet, one)


def test_whoever_is_retained_in_the_pool_goes_when_it_is_told_to(fleet: Fleet) -> None:
    """As a retained one of the group does."""
    retain = {"RetentionTriggers": {"TerminateHookAbandon": "retain"}}
    one = prepared(fleet, InstanceLifecyclePolicy=retain)
    fleet.asg.delete_warm_pool(AutoScalingGroupName="g")
    fleet.complete("down", "ABANDON", one)
    kept = warm(fleet)
    fleet.asg.terminate_instance_in_auto_scaling_group(InstanceId=one, ShouldDecrementDesiredCapacity=False)

    assert [(one, "Warmed:Terminating:Retained")] == kept
    assert [] == warm(fleet)


def test_with_launch_suspended_nobody_comes_into_the_pool(fleet: Fleet) -> None:
    """Until it is resumed."""
    fleet.make([UP], MaxSize=1)
    fleet.suspend("Launch")
    fleet.asg.put_warm_pool(AutoScalingGroupName="g", MinSize=1)
    empty = warm(fleet)
    fleet.resume("Launch")

    assert [] == empty
    assert ["Warmed:Pending:Wait"] == [state for _, state in warm(fleet)]
