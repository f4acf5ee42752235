"""Who is unhealthy, by whose word, and what becomes of it."""

from __future__ import annotations

import pytest

from tests.lab.cloud.fleet import DOWN, UP, Fleet


def sicken(fleet: Fleet, instance: str, **more: bool) -> None:
    fleet.asg.set_instance_health(InstanceId=instance, HealthStatus="Unhealthy", **more)


def test_an_unhealthy_instance_drains_and_is_replaced_at_once(fleet: Fleet) -> None:
    """Its hook holds it as at any other end; nobody waits for it with the new one."""
    fleet.make([DOWN], DesiredCapacity=1)
    sick = fleet.ids()[0]
    sicken(fleet, sick)
    fleet.turn(1)

    assert ["Terminating:Wait", "InService"] == fleet.states()
    assert sick == fleet.ids()[0]
    assert any("health check" in each["Cause"] for each in fleet.activities())


def test_protection_is_from_scale_in_only(fleet: Fleet) -> None:
    """An unhealthy instance is replaced all the same (user guide, instance scale-in protection)."""
    fleet.make(DesiredCapacity=1, NewInstancesProtectedFromScaleIn=True)
    one = fleet.ids()
    fleet.desire(0)
    spared = fleet.ids()
    sicken(fleet, one[0])
    fleet.turn(1)

    assert one == spared
    assert one[0] not in fleet.ids()


def test_a_grace_period_begins_in_service(fleet: Fleet) -> None:
    """However long its hooks took; a call may do without it."""
    fleet.make([UP], DesiredCapacity=1, HealthCheckGracePeriod=100)
    one = fleet.ids()[0]
    fleet.turn(50)
    fleet.complete("up", "CONTINUE")
    sicken(fleet, one)
    fleet.turn(99)
    kept = fleet.ids()
    sicken(fleet, one, ShouldRespectGracePeriod=False)
    fleet.turn(0)

    assert [one] == kept
    assert one not in fleet.ids()


@pytest.mark.parametrize(("kind", "is_replaced"), [("ELB", True), ("EC2", False)])
def test_a_target_group_is_heard_where_the_group_says_so(fleet: Fleet, kind: str, is_replaced: bool) -> None:
    """After the grace period."""
    arn = fleet.target_group(delay=0)
    fleet.make(DesiredCapacity=1, TargetGroupARNs=[arn], HealthCheckType=kind, HealthCheckGracePeriod=60)
    one = fleet.ids()
    fleet.endpoint.cloud.target_health(arn, one[0], "unhealthy", "Target.FailedHealthChecks")
    fleet.turn(59)
    kept = fleet.ids()
    fleet.turn(1)

    assert one == kept
    assert is_replaced == (one[0] not in fleet.ids())


def test_a_machine_that_is_off_is_replaced(fleet: Fleet) -> None:
    """There is no grace for it; one that was stopped is as dead as one that crashed."""
    fleet.make(DesiredCapacity=2, HealthCheckGracePeriod=600)
    crashed, stopped = fleet.ids()
    fleet.endpoint.cloud.crash(crashed)
    fleet.ec2.stop_instances(InstanceIds=[stopped])
    fleet.turn(1)

    assert ["InService"] * 2 == fleet.states()
    assert {crashed, stopped}.isdisjoint(fleet.ids())


def test_a_machine_that_dies_before_it_is_in_service_is_a_failed_launch(fleet: Fleet) -> None:
    """It is tried again after a while."""
    fleet.make([UP], DesiredCapacity=1)
    first = fleet.ids()[0]
    fleet.endpoint.cloud.crash(first)
    fleet.turn(0.5)
    between, status = fleet.states(), fleet.activity()[0]
    fleet.turn(2)

    assert ([], "Cancelled") == (between, status)
    assert ["Pending:Wait"] == fleet.states()


def test_in_standby_nobody_looks(fleet: Fleet) -> None:
    """An operator may switch it off."""
    fleet.make(DesiredCapacity=1)
    one = fleet.ids()
    fleet.asg.enter_standby(AutoScalingGroupName="g", InstanceIds=one, ShouldDecrementDesiredCapacity=True)
    fleet.endpoint.cloud.crash(one[0])
    fleet.turn(60)

    assert ["Standby"] == fleet.states()


def test_health_checks_that_are_suspended_leave_a_user_his_word(fleet: Fleet) -> None:
    """EC2's and the target groups' are not heard; SetInstanceHealth is."""
    fleet.make(DesiredCapacity=2)
    crashed, sick = fleet.ids()
    fleet.suspend("HealthCheck")
    fleet.endpoint.cloud.crash(crashed)
    sicken(fleet, sick)
    fleet.turn(1)

    assert crashed in fleet.ids()
    assert sick not in fleet.ids()


@pytest.mark.parametrize("process", ["ReplaceUnhealthy", "Terminate"])
def test_replacement_waits_for_its_processes(fleet: Fleet, process: str) -> None:
    """Both are needed; whoever was marked meanwhile goes when they are resumed."""
    fleet.make(DesiredCapacity=1)
    one = fleet.ids()
    fleet.suspend(process)
    fleet.endpoint.cloud.crash(one[0])
    fleet.turn(60)
    kept = fleet.instances()
    fleet.resume(process)
    fleet.turn(1)

    assert [(one[0], "Unhealthy")] == [(each["InstanceId"], each["HealthStatus"]) for each in kept]
    assert one != fleet.ids()


def test_without_launches_the_unhealthy_go_and_nobody_comes(fleet: Fleet) -> None:
    """What is missing comes when launches are resumed."""
    fleet.make(DesiredCapacity=1)
    fleet.suspend("Launch")
    sicken(fleet, fleet.ids()[0])
    fleet.turn(1)
    between = fleet.states()
    fleet.resume("Launch")

    assert ([], ["InService"]) == (between, fleet.states())


def test_without_registration_nobody_becomes_a_target(fleet: Fleet) -> None:
    """Not even afterwards: whoever was launched meanwhile must be registered by hand."""
    arn = fleet.target_group()
    fleet.make(TargetGroupARNs=[arn])
    fleet.suspend("AddToLoadBalancer")
    fleet.desire(1)
    fleet.resume("AddToLoadBalancer")
    fleet.turn(1)

    assert (["InService"], []) == (fleet.states(), fleet.targets(arn))


CAREFUL = {"InstanceMaintenancePolicy": {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 110}}


def test_a_careful_group_launches_first(fleet: Fleet) -> None:
    """An instance maintenance policy of 100 and more: the sick one stays until the new one serves, warmed up."""
    fleet.make([UP], DesiredCapacity=1, DefaultInstanceWarmup=40, **CAREFUL)
    fleet.complete("up", "CONTINUE")
    sick = fleet.ids()[0]
    sicken(fleet, sick)
    fleet.turn(1)
    coming = fleet.states()
    (new,) = [each for each in fleet.ids() if each != sick]
    fleet.complete("up", "CONTINUE", new)
    fleet.turn(39)
    cold = fleet.states()
    fleet.turn(1)

    assert ["InService", "Pending:Wait"] == coming
    assert ["InService", "InService"] == cold
    assert [new] == fleet.ids()
    assert "health check" in fleet.activities()[0]["Cause"]


def test_a_careful_group_goes_no_further_than_its_maximum(fleet: Fleet) -> None:
    """Of three that are sick at once one is replaced after the other."""
    fleet.make([UP], DesiredCapacity=3, **CAREFUL)
    old = fleet.ids()
    for one in old:
        fleet.complete("up", "CONTINUE", one)
    for one in old:
        sicken(fleet, one)
    most = 0
    for _ in range(40):
        fleet.turn(5)
        most = max(most, len(fleet.ids()))
        for one, state in zip(fleet.ids(), fleet.states(), strict=True):
            if state == "Pending:Wait":
                fleet.complete("up", "CONTINUE", one)

    assert 4 == most
    assert set() == set(old) & set(fleet.ids())
    assert ["InService"] * 3 == fleet.states()


def test_a_replacement_that_is_no_better_goes_and_the_old_one_stays(fleet: Fleet) -> None:
    """Another is tried; capacity is kept as long as there is none."""
    fleet.make([UP], DesiredCapacity=1, **CAREFUL)
    fleet.complete("up", "CONTINUE")
    sick = fleet.ids()[0]
    sicken(fleet, sick)
    fleet.turn(1)
    (second,) = [each for each in fleet.ids() if each != sick]
    fleet.complete("up", "CONTINUE", second)
    sicken(fleet, second)
    fleet.turn(5)
    (third,) = [each for each in fleet.ids() if each != sick]
    stays = sick in fleet.ids()
    fleet.complete("up", "CONTINUE", third)
    fleet.turn(1)

    assert (True, True) == (stays, third != second)
    assert [third] == fleet.ids()


def test_a_group_that_may_shrink_ends_the_sick_at_once(fleet: Fleet) -> None:
    """Minimum under 100: terminate and launch."""
    policy = {"MinHealthyPercentage": 90, "MaxHealthyPercentage": 100}
    fleet.make([DOWN], DesiredCapacity=1, InstanceMaintenancePolicy=policy)
    sicken(fleet, fleet.ids()[0])
    fleet.turn(1)

    assert ["Terminating:Wait", "InService"] == fleet.states()


def test_a_careful_group_that_shrank_meanwhile_still_ends_the_sick_one(fleet: Fleet) -> None:
    """Though its replacement was the one that the scale-in chose."""
    fleet.make(DesiredCapacity=2, TerminationPolicies=["NewestInstance"], DefaultInstanceWarmup=40, **CAREFUL)
    sick, well = fleet.ids()
    fleet.turn(1)
    sicken(fleet, sick)
    fleet.turn(1)
    fleet.desire(1)
    fleet.turn(500)

    assert [well] == fleet.ids()


def test_an_attached_target_group_counts_once_a_member_passes(fleet: Fleet) -> None:
    """A wrong path or port replaces nobody: none of them has ever been healthy there."""
    arn = fleet.target_group(delay=0)
    fleet.make(DesiredCapacity=1, HealthCheckType="ELB")
    one = fleet.ids()
    fleet.asg.attach_load_balancer_target_groups(AutoScalingGroupName="g", TargetGroupARNs=[arn])
    fleet.endpoint.cloud.target_health(arn, one[0], "unhealthy")
    fleet.turn(1)
    first = fleet.ids(), attached(fleet)
    fleet.endpoint.cloud.target_health(arn, one[0], "healthy")
    fleet.turn(1)
    second = attached(fleet)
    fleet.endpoint.cloud.target_health(arn, one[0], "unhealthy")
    fleet.turn(1)

    assert (one, "Added") == first
    assert "InService" == second
    assert one[0] not in fleet.ids()


def attached(fleet: Fleet) -> str:
    found = fleet.asg.describe_load_balancer_target_groups(AutoScalingGroupName="g")["LoadBalancerTargetGroups"]
    return str(found[0]["State"])


@pytest.mark.parametrize("kind", ["ELB", "EC2"])
def test_members_of_a_target_group_that_is_gone_leave_all_the_same(fleet: Fleet, kind: str) -> None:
    """Nobody is launched into it, and time goes on for everybody else."""
    made = fleet.elb.create_target_group(Name="gone", Protocol="HTTP", Port=8000, VpcId=fleet.ground.vpc)
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    fleet.make([DOWN], DesiredCapacity=1, TargetGroupARNs=[arn], HealthCheckType=kind)
    fleet.elb.delete_target_group(TargetGroupArn=arn)
    fleet.turn(1)
    fleet.desire(0)
    leaving = fleet.states()
    fleet.complete("down", "CONTINUE")
    fleet.desire(1)
    refused = fleet.activity()
    fleet.asg.detach_load_balancer_target_groups(AutoScalingGroupName="g", TargetGroupARNs=[arn])
    fleet.turn(61)

    assert ["Terminating:Wait"] == leaving
    assert "Failed" == refused[0]
    assert "target groups not found" in refused[1]
    assert ["InService"] == fleet.states()
