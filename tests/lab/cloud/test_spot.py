"""Interruptions and rebalance recommendations on demand, and what an instance reads of itself."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from slackwater.errors import LabError
from slackwater.lab.cloud.desk import pull
from slackwater.lab.cloud.errors import AwsError
from tests.lab.cloud.fleet import DOWN, UP, Fleet


def test_an_interrupted_instance_reads_it_and_is_gone_in_two_minutes(fleet: Fleet) -> None:
    """Also from the midst of its drain: no hook holds it, and another comes."""
    fleet.make([DOWN | {"HeartbeatTimeout": 600}], DesiredCapacity=1)
    one = fleet.ids()[0]
    fleet.endpoint.cloud.interrupt(one)
    told = json.loads(fleet.endpoint.cloud.metadata(one).spot or "")
    left = datetime.fromisoformat(told["time"]) - fleet.endpoint.cloud.now
    fleet.asg.terminate_instance_in_auto_scaling_group(InstanceId=one, ShouldDecrementDesiredCapacity=False)
    fleet.turn(119)
    draining = fleet.states()
    fleet.turn(1)

    assert ("terminate", True) == (told["action"], 118 <= left.total_seconds() <= 120)
    assert ["Terminating:Wait", "InService"] == draining
    assert ["InService"] == fleet.states()
    assert one not in fleet.ids()


def test_whoever_left_in_time_is_not_ended_twice(fleet: Fleet) -> None:
    """The end finds nobody."""
    fleet.make(DesiredCapacity=1)
    one = fleet.ids()[0]
    fleet.endpoint.cloud.interrupt(one)
    fleet.desire(0)
    fleet.turn(121)

    assert "Terminated" == fleet.path(one)[-1]
    assert 1 == fleet.path(one).count("Terminated")


def test_a_recommendation_is_read_and_nothing_else_happens(fleet: Fleet) -> None:
    """Unless the group has CapacityRebalance."""
    fleet.make(DesiredCapacity=1)
    one = fleet.ids()[0]
    fleet.endpoint.cloud.recommend_rebalance(one)
    fleet.turn(1)

    assert {"noticeTime"} == set(json.loads(fleet.endpoint.cloud.metadata(one).rebalance or ""))
    assert [one] == fleet.ids()


def test_with_capacity_rebalance_another_comes_first(fleet: Fleet) -> None:
    """The one at risk leaves through its hook when the other serves."""
    up = {"LifecycleHookName": "up", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}
    fleet.make([DOWN], DesiredCapacity=1, CapacityRebalance=True)
    one = fleet.ids()[0]
    fleet.asg.put_lifecycle_hook(AutoScalingGroupName="g", **up, HeartbeatTimeout=600)
    fleet.endpoint.cloud.recommend_rebalance(one)
    fleet.turn(1)
    coming = fleet.states()
    fleet.complete("up", "CONTINUE", fleet.ids()[1])
    fleet.turn(1)

    assert ["InService", "Pending:Wait"] == coming
    assert ["Terminating:Wait", "InService"] == fleet.states()
    assert one == fleet.ids()[0]


def test_metadata_are_what_the_template_says(fleet: Fleet) -> None:
    """User-data in clear, the hop limit, the role; a change is read at once."""
    fleet.make(DesiredCapacity=1)
    one = fleet.ids()[0]
    view = fleet.endpoint.cloud.metadata(one)
    found = fleet.ec2.describe_instances(InstanceIds=[one])["Reservations"][0]["Instances"][0]
    before = view.hop_limit, view.enabled
    fleet.ec2.modify_instance_metadata_options(InstanceId=one, HttpPutResponseHopLimit=2, HttpEndpoint="disabled")

    assert (b"#cloud-config", 1, True) == (view.user_data, *before)
    assert found["PrivateIpAddress"] == view.address
    assert view.role is not None
    assert (2, False) == (view.hop_limit, view.enabled)


def test_levers_are_pulled_from_another_process_too(fleet: Fleet) -> None:
    """Over HTTP; what cannot be done is a sentence."""
    fleet.make(DesiredCapacity=1)
    one = fleet.ids()[0]
    pull(fleet.endpoint.url, "interrupt", instance=one, seconds=5)

    assert fleet.endpoint.cloud.metadata(one).spot
    with pytest.raises(LabError, match="there is no instance i-0"):
        pull(fleet.endpoint.url, "interrupt", instance="i-0")
    with pytest.raises(LabError, match="no lever 'ground'"):
        pull(fleet.endpoint.url, "ground")
    with pytest.raises(LabError, match="unexpected keyword"):
        pull(fleet.endpoint.url, "crash", instance=one, gently=True)
    with pytest.raises(AwsError, match="not terminate or stop"):
        fleet.endpoint.cloud.interrupt(one, "hibernate")


def test_who_is_at_risk_stays_while_terminate_is_suspended(fleet: Fleet) -> None:
    """Nobody leaves then; the other one comes all the same."""
    fleet.make(DesiredCapacity=1, CapacityRebalance=True)
    fleet.suspend("Terminate")
    fleet.endpoint.cloud.recommend_rebalance(fleet.ids()[0])
    fleet.turn(1)
    held = fleet.states()
    fleet.resume("Terminate")
    fleet.turn(1)

    assert ["InService"] * 2 == held
    assert ["InService"] == fleet.states()


def test_with_capacity_rebalance_an_interruption_launches_another_at_once(fleet: Fleet) -> None:
    """Not when the instance is gone; it leaves through its hook if the other serves sooner."""
    fleet.make([UP, DOWN], DesiredCapacity=1, CapacityRebalance=True)
    fleet.complete("up", "CONTINUE")
    one = fleet.ids()[0]
    fleet.endpoint.cloud.interrupt(one)
    coming = fleet.states()
    fleet.complete("up", "CONTINUE", fleet.ids()[1])
    fleet.turn(1)
    leaving = fleet.states()
    fleet.turn(119)

    assert ["InService", "Pending:Wait"] == coming
    assert ["Terminating:Wait", "InService"] == leaving
    assert ["InService"] == fleet.states()
    assert one not in fleet.ids()


def test_an_interruption_ends_at_once_who_was_at_risk_already(fleet: Fleet) -> None:
    """Through its hook, which has two minutes at the most: nobody waits for the other one any more."""
    fleet.make([UP | {"HeartbeatTimeout": 600}, DOWN], DesiredCapacity=1, CapacityRebalance=True)
    fleet.complete("up", "CONTINUE")
    one = fleet.ids()[0]
    fleet.endpoint.cloud.recommend_rebalance(one)
    fleet.endpoint.cloud.interrupt(one)
    both = fleet.states()
    fleet.turn(120)

    assert ["Terminating:Wait", "Pending:Wait"] == both
    assert ["Pending:Wait"] == fleet.states()


def test_who_is_at_risk_stays_until_a_healthy_one_serves(fleet: Fleet) -> None:
    """One that is sick within its grace period is none."""
    fleet.make(DesiredCapacity=1, CapacityRebalance=True, HealthCheckGracePeriod=60)
    one = fleet.ids()[0]
    fleet.turn(61)
    fleet.endpoint.cloud.recommend_rebalance(one)
    other = fleet.ids()[1]
    fleet.asg.set_instance_health(InstanceId=other, HealthStatus="Unhealthy")
    fleet.turn(1)
    kept = fleet.ids()
    fleet.asg.set_instance_health(InstanceId=other, HealthStatus="Healthy")
    fleet.turn(1)

    assert [one, other] == kept
    assert [other] == fleet.ids()
