"""Target groups in time: new targets are looked at, and whoever leaves waits while they drain."""

from __future__ import annotations

from tests.lab.cloud.fleet import DOWN, Fleet


def test_a_new_target_is_initial_until_it_was_looked_at(fleet: Fleet) -> None:
    """It must pass one check."""
    arn = fleet.target_group(HealthCheckIntervalSeconds=10)
    fleet.make(DesiredCapacity=1, TargetGroupARNs=[arn])
    fleet.turn(9)
    before = fleet.targets(arn)
    fleet.turn(1)

    assert (["initial"], ["healthy"]) == (before, fleet.targets(arn))


def test_a_leaver_is_terminating_for_as_long_as_its_target_group_drains(fleet: Fleet) -> None:
    """Only then its hooks begin to hold it, and their time to run; its instance knows from the start."""
    arn = fleet.target_group(delay=70)
    fleet.make([DOWN], DesiredCapacity=1, TargetGroupARNs=[arn])
    leaver = fleet.ids()[0]
    fleet.desire(0)
    told, status = fleet.endpoint.cloud.metadata(leaver).target, fleet.activities()[0]["StatusCode"]
    fleet.turn(69)
    draining = fleet.states(), fleet.targets(arn), fleet.endpoint.cloud.actions("g")
    fleet.turn(1)
    waiting = fleet.states(), fleet.targets(arn)
    fleet.turn(59)
    still = fleet.states()
    fleet.turn(1)

    assert ("Terminated", "WaitingForELBConnectionDraining") == (told, status)
    assert (["Terminating"], ["draining"], []) == draining
    assert (["Terminating:Wait"], []) == waiting
    assert (["Terminating:Wait"], []) == (still, fleet.states())


def test_a_target_group_that_no_load_balancer_uses_holds_nobody(fleet: Fleet) -> None:
    """There is no connection that could drain."""
    asked = {"Name": "idle", "Protocol": "HTTP", "Port": 8000, "VpcId": fleet.ground.vpc}
    arn = fleet.elb.create_target_group(**asked)["TargetGroups"][0]["TargetGroupArn"]
    fleet.make([DOWN], DesiredCapacity=1, TargetGroupARNs=[arn])
    fleet.desire(0)

    assert ["Terminating:Wait"] == fleet.states()


def test_standby_begins_when_the_targets_have_drained(fleet: Fleet) -> None:
    """No hook holds it, neither there nor on the way back."""
    arn = fleet.target_group(delay=30)
    fleet.make([DOWN], DesiredCapacity=1, TargetGroupARNs=[arn])
    one = fleet.ids()[0]
    fleet.asg.enter_standby(AutoScalingGroupName="g", InstanceIds=[one], ShouldDecrementDesiredCapacity=True)
    during, told = fleet.states(), fleet.endpoint.cloud.metadata(one).target
    fleet.turn(30)
    after = fleet.states(), fleet.targets(arn)
    fleet.asg.exit_standby(AutoScalingGroupName="g", InstanceIds=[one])

    assert (["EnteringStandby"], "Standby") == (during, told)
    assert (["Standby"], []) == after
    assert (["InService"], ["initial"]) == (fleet.states(), fleet.targets(arn))
    assert ["EnteringStandby", "Standby", "Pending", "InService"] == fleet.path(one)[-4:]
    assert "InService" == fleet.endpoint.cloud.metadata(one).target


def test_a_detached_instance_goes_when_its_targets_have_drained(fleet: Fleet) -> None:
    """It runs on, and its place is filled at once."""
    arn = fleet.target_group(delay=30)
    fleet.make([DOWN], DesiredCapacity=1, TargetGroupARNs=[arn])
    one = fleet.ids()[0]
    fleet.asg.detach_instances(AutoScalingGroupName="g", InstanceIds=[one], ShouldDecrementDesiredCapacity=False)
    during = fleet.states()
    fleet.turn(30)
    state = fleet.ec2.describe_instances(InstanceIds=[one])["Reservations"][0]["Instances"][0]["State"]["Name"]

    assert ["Detaching", "InService"] == during
    assert ["InService"] == fleet.states()
    assert ("Detached", "running") == (fleet.path(one)[-1], state)


def test_whoever_leaves_once_does_not_leave_twice(fleet: Fleet) -> None:
    """A second order neither starts its hooks anew nor lowers the capacity again."""
    fleet.make([DOWN], DesiredCapacity=3)
    leaver = fleet.ids()[0]
    for _ in range(2):
        fleet.asg.terminate_instance_in_auto_scaling_group(InstanceId=leaver, ShouldDecrementDesiredCapacity=True)
    fleet.complete("down", "CONTINUE", leaver)

    assert ["InService"] * 2 == fleet.states()
    assert 2 == fleet.asg.describe_auto_scaling_groups()["AutoScalingGroups"][0]["DesiredCapacity"]


def test_a_forced_deletion_waits_for_nobody(fleet: Fleet) -> None:
    """Neither for hooks nor for target groups."""
    arn = fleet.target_group(delay=30)
    fleet.make([DOWN], DesiredCapacity=2, TargetGroupARNs=[arn])
    gone = fleet.ids()
    fleet.desire(1)
    fleet.asg.delete_auto_scaling_group(AutoScalingGroupName="g", ForceDelete=True)
    found = fleet.ec2.describe_instances(InstanceIds=gone)["Reservations"]

    assert [] == fleet.asg.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert {"terminated"} == {each["State"]["Name"] for one in found for each in one["Instances"]}


def test_an_instance_that_was_terminated_in_ec2_waits_for_nothing(fleet: Fleet) -> None:
    """Also where its target group was draining it."""
    arn = fleet.target_group(delay=30)
    fleet.make([DOWN], DesiredCapacity=1, TargetGroupARNs=[arn])
    leaver = fleet.ids()[0]
    fleet.desire(0)
    fleet.ec2.terminate_instances(InstanceIds=[leaver])

    assert [] == fleet.states()
