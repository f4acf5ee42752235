"""Lifecycle hooks: in the books, and with `lifecycle` in time."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from slackwater.lab.cloud import Ground
from slackwater.lab.cloud.scaling.hooks import COMPLETED
from slackwater.lab.cloud.scaling.waits import TIMED_OUT
from tests.lab.cloud.conftest import Make
from tests.lab.cloud.fleet import DOWN, LAUNCHING, UP, Fleet


def test_hooks_given_with_the_group_are_there_before_the_first_instance(fleet: Fleet) -> None:
    """moto drops them, and the first instances would come without."""
    fleet.make([UP], DesiredCapacity=2)

    assert ["Pending:Wait"] * 2 == fleet.states()
    assert "MidLifecycleAction" == fleet.activity()[0]


def test_an_instance_that_continues_is_in_service(fleet: Fleet) -> None:
    """Only then, and its activity has ended well."""
    fleet.make([UP], DesiredCapacity=1)
    fleet.complete("up", "CONTINUE")

    assert ["InService"] == fleet.states()
    assert "Successful" == fleet.activity()[0]


def test_a_silent_launch_is_abandoned_and_tried_again(fleet: Fleet) -> None:
    """After the heartbeat, with the hook's default."""
    fleet.make([UP], DesiredCapacity=1)
    first = fleet.instances()[0]["InstanceId"]
    fleet.turn(59)
    kept = fleet.instances()[0]["InstanceId"]
    fleet.turn(2)
    left, (status, why) = fleet.instances(), fleet.activity()
    fleet.turn(2)

    assert first == kept
    assert [] == left
    assert ("Cancelled", True) == (status, why.endswith("was abandoned: Heartbeat Timeout"))
    assert ["Pending:Wait"] == fleet.states()
    assert first != fleet.instances()[0]["InstanceId"]


def test_a_heartbeat_holds_the_wait(fleet: Fleet) -> None:
    """By the hook's timeout, counted from the heartbeat."""
    fleet.make([UP], DesiredCapacity=1)
    for _ in range(3):
        fleet.turn(50)
        fleet.beat("up")
    fleet.turn(59)

    assert ["Pending:Wait"] == fleet.states()
    assert ["RecordLifecycleActionHeartbeat"] * 3 == [name for name, _ in fleet.endpoint.lifecycle_calls]


def test_heartbeats_end_at_a_hundred_timeouts(fleet: Fleet) -> None:
    """Or at 48 hours, whichever is smaller."""
    fleet.make([UP | {"HeartbeatTimeout": 30}], DesiredCapacity=1)
    for _ in range(119):
        fleet.turn(25)
        fleet.beat("up")
    fleet.turn(25)

    assert [] == fleet.states()


def test_no_wait_is_longer_than_two_days(fleet: Fleet) -> None:
    """A hundred heartbeats of an hour would be four."""
    fleet.make([UP | {"HeartbeatTimeout": 3600}], DesiredCapacity=1)
    first = fleet.ids()
    for _ in range(50):
        fleet.turn(3420)
        fleet.beat("up")
    fleet.turn(1799)
    kept = fleet.ids()
    fleet.turn(1)

    assert first == kept
    assert [] == fleet.states()


def test_all_hooks_must_continue(fleet: Fleet) -> None:
    """One of two is not enough."""
    fleet.make([UP, UP | {"LifecycleHookName": "other"}], DesiredCapacity=1)
    fleet.complete("up", "CONTINUE")
    between = fleet.states()
    fleet.complete("other", "CONTINUE")

    assert (["Pending:Wait"], ["InService"]) == (between, fleet.states())


def test_an_instance_that_leaves_waits_for_its_hook(fleet: Fleet) -> None:
    """Out of the group's count, and gone when it says so."""
    fleet.make([DOWN], DesiredCapacity=1)
    leaver = fleet.instances()[0]["InstanceId"]
    fleet.desire(0)
    waiting = fleet.states()
    fleet.complete("down", "CONTINUE")
    path = ["Pending", "Pending:Proceed", "InService", "Terminating", "Terminating:Wait", "Terminating:Proceed"]

    assert (["Terminating:Wait"], []) == (waiting, fleet.states())
    assert [*path, "Terminated"] == [state for who, state in fleet.endpoint.cloud.states if who == leaver]


def test_one_abandon_ends_all_hooks_of_an_instance_that_leaves(fleet: Fleet) -> None:
    """CONTINUE of one leaves the others waiting."""
    fleet.make([DOWN, DOWN | {"LifecycleHookName": "logs"}, DOWN | {"LifecycleHookName": "more"}], DesiredCapacity=1)
    fleet.desire(0)
    fleet.complete("down", "CONTINUE")
    between = fleet.states()
    fleet.complete("logs", "ABANDON")

    assert (["Terminating:Wait"], []) == (between, fleet.states())


def test_an_action_is_completed_by_its_token(fleet: Fleet) -> None:
    """Another's token is nobody's; whoever has neither token nor instance is told so."""
    fleet.make([UP], DesiredCapacity=2)
    tokens = [each["token"] for each in fleet.endpoint.cloud.actions("g")]
    fleet.asg.complete_lifecycle_action(
        AutoScalingGroupName="g",
        LifecycleHookName="up",
        LifecycleActionToken=tokens[1],
        LifecycleActionResult="CONTINUE",
    )

    assert ["Pending:Wait", "InService"] == fleet.states()
    with pytest.raises(ClientError, match="No active Lifecycle Action found with token"):
        fleet.asg.complete_lifecycle_action(
            AutoScalingGroupName="g", LifecycleHookName="up", LifecycleActionToken=tokens[1],
            LifecycleActionResult="CONTINUE",
        )  # fmt: skip


def test_a_silent_instance_that_leaves_is_retained_too(fleet: Fleet) -> None:
    """Where the group says so and the hook's default is ABANDON; it counts for nobody, and another is not launched."""
    retain = {"RetentionTriggers": {"TerminateHookAbandon": "retain"}}
    fleet.make([DOWN | {"DefaultResult": "ABANDON"}], DesiredCapacity=1, InstanceLifecyclePolicy=retain)
    fleet.desire(0)
    fleet.turn(61)
    kept = fleet.states()
    fleet.desire(1)

    assert ["Terminating:Retained"] == kept
    assert ["Terminating:Retained", "InService"] == fleet.states()


def test_an_abandoned_terminate_hook_retains_where_the_group_says_so(fleet: Fleet) -> None:
    """Without the policy ABANDON and CONTINUE both end the instance."""
    retain = {"RetentionTriggers": {"TerminateHookAbandon": "retain"}}
    fleet.make([DOWN], DesiredCapacity=1, InstanceLifecyclePolicy=retain)
    fleet.desire(0)
    fleet.complete("down", "ABANDON")
    kept = fleet.instances()[0]
    fleet.asg.terminate_instance_in_auto_scaling_group(
        InstanceId=kept["InstanceId"], ShouldDecrementDesiredCapacity=False
    )

    assert "Terminating:Retained" == kept["LifecycleState"]
    assert [] == fleet.states()


def test_a_deleted_launch_hook_abandons_who_waits(fleet: Fleet) -> None:
    """ABANDON for launching instances, CONTINUE for leaving ones."""
    fleet.make([UP], DesiredCapacity=1)
    fleet.asg.delete_lifecycle_hook(AutoScalingGroupName="g", LifecycleHookName="up")

    assert [] == fleet.states()
    assert "Cancelled" == fleet.activity()[0]


def test_a_deleted_terminate_hook_lets_go_who_waits(fleet: Fleet) -> None:
    """Of its own action only: another hook still holds it. Its default would have retained the instance."""
    retain = {"RetentionTriggers": {"TerminateHookAbandon": "retain"}}
    other = DOWN | {"LifecycleHookName": "other", "DefaultResult": "ABANDON"}
    fleet.make([DOWN, other], DesiredCapacity=1, InstanceLifecyclePolicy=retain)
    fleet.desire(0)
    fleet.asg.delete_lifecycle_hook(AutoScalingGroupName="g", LifecycleHookName="down")
    held = fleet.states()
    fleet.asg.delete_lifecycle_hook(AutoScalingGroupName="g", LifecycleHookName="other")

    assert ["Terminating:Wait"] == held
    assert [] == fleet.states()


def test_a_group_has_fifty_hooks_at_most(make: Make, asg: Any) -> None:
    """One that is there may be changed all the same."""
    hooks = [UP | {"LifecycleHookName": f"h{number}"} for number in range(50)]
    make("many", LifecycleHookSpecificationList=hooks)
    with pytest.raises(ClientError, match="LimitExceeded"):
        asg.put_lifecycle_hook(**{"AutoScalingGroupName": "many"} | UP)
    asg.put_lifecycle_hook(**{"AutoScalingGroupName": "many"} | hooks[0] | {"HeartbeatTimeout": 7200})
    found = asg.describe_lifecycle_hooks(AutoScalingGroupName="many")["LifecycleHooks"]

    assert 50 == len(found)
    assert (7200, 172800) == (found[0]["HeartbeatTimeout"], found[0]["GlobalTimeout"])


def test_an_action_that_nobody_waits_for_is_an_error(make: Make, asg: Any, described: Any) -> None:
    """Also where hooks hold nobody: a stub would say 200."""
    make("calm", DesiredCapacity=1, LifecycleHookSpecificationList=[UP])
    instance = described("calm")["Instances"][0]
    asked = {"AutoScalingGroupName": "calm", "LifecycleHookName": "up", "InstanceId": instance["InstanceId"]}

    assert "InService" == instance["LifecycleState"]
    with pytest.raises(ClientError, match="No active Lifecycle Action found with instance ID i-"):
        asg.complete_lifecycle_action(**asked, LifecycleActionResult="CONTINUE")
    with pytest.raises(ClientError, match="No active Lifecycle Action found"):
        asg.record_lifecycle_action_heartbeat(**asked)


def test_a_hook_is_described_as_it_was_put(make: Make, asg: Any, ground: Ground) -> None:
    """What a second call does not name keeps its value; moto makes up three fields and drops one."""
    make("books")
    more = {"NotificationMetadata": "m", "NotificationTargetARN": ground.topic}
    more["RoleARN"] = "arn:aws:iam::123456789012:role/r"
    asg.put_lifecycle_hook(AutoScalingGroupName="books", **UP, **more)
    asg.put_lifecycle_hook(AutoScalingGroupName="books", LifecycleHookName="up", HeartbeatTimeout=90)
    found = asg.describe_lifecycle_hooks(AutoScalingGroupName="books")["LifecycleHooks"]

    assert [UP | more | {"AutoScalingGroupName": "books", "HeartbeatTimeout": 90, "GlobalTimeout": 9000}] == found


def test_the_books_know_aws_defaults(make: Make, asg: Any) -> None:
    """An hour, and ABANDON."""
    make("defaults")
    asg.put_lifecycle_hook(AutoScalingGroupName="defaults", LifecycleHookName="h", LifecycleTransition=LAUNCHING)
    hook = asg.describe_lifecycle_hooks(AutoScalingGroupName="defaults")["LifecycleHooks"][0]

    assert (3600, "ABANDON", 172800) == (hook["HeartbeatTimeout"], hook["DefaultResult"], hook["GlobalTimeout"])


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"HeartbeatTimeout": 29}, "HeartbeatTimeout must be between 30 and 7200"),
        ({"HeartbeatTimeout": 7201}, "HeartbeatTimeout must be between 30 and 7200"),
        ({"LifecycleTransition": "sideways"}, "LifecycleTransition must be"),
        ({"DefaultResult": "MAYBE"}, "DefaultResult must be"),
        ({"AutoScalingGroupName": "nobody"}, "AutoScalingGroup name not found"),
    ],
)
def test_a_wrong_hook_is_refused(make: Make, asg: Any, wrong: dict[str, Any], complaint: str) -> None:
    """moto accepts them all."""
    name = f"wrong-{'-'.join(map(str, *wrong.items()))}"
    make(name)
    with pytest.raises(ClientError, match=complaint):
        asg.put_lifecycle_hook(**{"AutoScalingGroupName": name, **UP, **wrong})


def test_why_a_wait_has_ended_is_told_apart(fleet: Fleet) -> None:
    """The instance's own word counts once, a refused one not at all; a timeout with the same default is a timeout."""
    fleet.make([DOWN], DesiredCapacity=2)
    told, silent = fleet.ids()
    fleet.desire(0)
    fleet.complete("down", "CONTINUE", told)
    with pytest.raises(ClientError):
        fleet.complete("down", "CONTINUE", told)
    fleet.turn(61)

    assert [
        (told, "CONTINUE", COMPLETED.format("CONTINUE")),
        (silent, "CONTINUE", TIMED_OUT),
    ] == fleet.endpoint.cloud.ended_waits
