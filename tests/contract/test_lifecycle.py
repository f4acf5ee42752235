"""What the agents on an instance rely on: hooks hold it, both ways, and say what became of it."""

from __future__ import annotations

from tests.contract.group import DOWN, UP, Group, refused


def test_a_launch_hook_holds_until_it_is_completed(group: Group) -> None:
    """A beat is taken meanwhile; afterwards there is no action any more, which is a ValidationError."""
    group.desire(1)
    one = group.one_in("Pending:Wait")
    group.beat(UP, one)
    group.complete(UP, one)

    assert "InService" == group.is_in(one, "InService", "gone")
    assert "ValidationError" == refused(lambda: group.complete(UP, one))
    assert "ValidationError" == refused(lambda: group.beat(UP, one))


def test_a_terminate_hook_holds_until_it_is_completed(group: Group) -> None:
    """The leaver is described until it is gone, which the last word of the drain agent counts on."""
    one = group.serving()
    early = refused(lambda: group.complete(DOWN, one))
    group.desire(0)
    group.is_in(one, "Terminating:Wait")
    group.beat(DOWN, one)
    group.complete(DOWN, one)

    assert "ValidationError" == early
    assert "gone" == group.is_in(one, "gone")


def test_an_abandoned_launch_is_replaced(group: Group) -> None:
    """Its activity is Cancelled, which the breaker counts; it never serves."""
    group.desire(1)
    one = group.one_in("Pending:Wait")
    group.complete(UP, one, "ABANDON")
    group.is_in(one, "gone")
    other = group.one_in("Pending:Wait")
    launches = [each for each in group.activities() if one in each["Description"] and "aunch" in each["Description"]]

    assert one != other
    assert "Cancelled" in {each["StatusCode"] for each in launches}


def test_a_silent_launch_ends_by_its_default(group: Group) -> None:
    """Nobody beats: after the heartbeat's time the instance goes."""
    group.desire(1)
    one = group.one_in("Pending:Wait")

    assert "gone" == group.is_in(one, "gone", "InService")


def test_who_goes_to_standby_is_held_by_no_hook(group: Group) -> None:
    one = group.serving()
    named = {"AutoScalingGroupName": group.name, "InstanceIds": [one]}
    group.asg.enter_standby(**named, ShouldDecrementDesiredCapacity=True)
    waiting = group.is_in(one, "Standby")
    group.asg.exit_standby(**named)

    assert ("Standby", "InService") == (waiting, group.is_in(one, "InService"))


def test_a_suspended_launch_waits_until_it_is_resumed(group: Group) -> None:
    """What the breaker does to a group."""
    about = {"AutoScalingGroupName": group.name, "ScalingProcesses": ["Launch"]}
    group.asg.suspend_processes(**about)
    group.desire(1)
    group.account.pass_time(30)
    before = group.states()
    group.asg.resume_processes(**about)

    assert {} == before
    assert group.one_in("Pending:Wait")


def test_an_unhealthy_instance_is_replaced(group: Group) -> None:
    """It leaves by its terminate hook like any other."""
    one = group.serving()
    group.asg.set_instance_health(InstanceId=one, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False)

    assert "Terminating:Wait" == group.is_in(one, "Terminating:Wait", "gone")
