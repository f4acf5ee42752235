"""An instance refresh takes its time, by a clock that the test turns."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.cloud.conftest import template_data
from tests.lab.cloud.fleet import DOWN, UP, Fleet

SECOND = {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "2"}}


@pytest.fixture
def two(fleet: Fleet) -> Fleet:
    """With a second version of its template."""
    fleet.ec2.create_launch_template_version(
        LaunchTemplateName="web", LaunchTemplateData=template_data(fleet.ground, "#two")
    )
    return fleet


def start(fleet: Fleet, **preferences: Any) -> None:
    preferences = {"MinHealthyPercentage": 0, "MaxHealthyPercentage": 100} | preferences
    fleet.asg.start_instance_refresh(AutoScalingGroupName="g", DesiredConfiguration=SECOND, Preferences=preferences)
    fleet.turn(1)
    fleet.turn(1)


def refresh(fleet: Fleet) -> dict[str, Any]:
    return dict(fleet.asg.describe_instance_refreshes(AutoScalingGroupName="g")["InstanceRefreshes"][0])


def status(fleet: Fleet) -> str:
    return str(refresh(fleet)["Status"])


def versions(fleet: Fleet) -> list[str]:
    return sorted(each["LaunchTemplate"]["Version"] for each in fleet.instances())


def test_looking_at_it_does_not_hurry_it(two: Fleet) -> None:
    """Only time moves it on."""
    two.make(DesiredCapacity=1)
    two.asg.start_instance_refresh(AutoScalingGroupName="g", DesiredConfiguration=SECOND)

    assert ["Pending"] * 5 == [status(two) for _ in range(5)]


def test_the_next_batch_waits_for_hooks_and_warm_up(two: Fleet) -> None:
    """New ones first, one at a time: each must be up and warm before an old one goes, and that one gone."""
    two.make([UP, DOWN], DesiredCapacity=2)
    for instance in two.ids():
        two.complete("up", "CONTINUE", instance)
    start(two, MinHealthyPercentage=100, MaxHealthyPercentage=150, InstanceWarmup=30)
    coming = two.states()
    two.complete("up", "CONTINUE", two.ids()[2])
    two.turn(29)
    warming = two.states()
    two.turn(1)
    leaving = two.states()
    two.turn(30)
    still = two.states()
    two.complete("down", "CONTINUE", two.ids()[0])
    two.turn(1)

    assert ["InService", "InService", "Pending:Wait"] == coming
    assert ["InService"] * 3 == warming
    assert ["Terminating:Wait", "InService", "InService"] == leaving == still
    assert ["InService", "InService", "Pending:Wait"] == two.states()
    assert 50 == refresh(two)["PercentageComplete"]


def test_checkpoints_and_baking_take_their_time(two: Fleet) -> None:
    """And the group says the new version only when it has succeeded."""
    two.make(DesiredCapacity=2)
    start(two, CheckpointPercentages=[50, 100], CheckpointDelay=100, BakeTime=200, MinHealthyPercentage=50)
    two.turn(1)
    two.turn(99)
    held = versions(two), status(two)
    two.turn(1)
    two.turn(1)
    baking = versions(two), status(two)
    two.turn(199)
    still = status(two)
    two.turn(1)

    assert (["1", "2"], "InProgress") == held
    assert (["2", "2"], "Baking") == baking
    assert ("Baking", "Successful") == (still, status(two))


def test_what_never_becomes_healthy_is_rolled_back_after_an_hour(two: Fleet) -> None:
    """The group goes on replacing it meanwhile; in the end all is as before."""
    two.make(DesiredCapacity=1)
    two.endpoint.cloud.never_healthy("web:2")
    start(two, AutoRollback=True)
    first = two.ids()
    two.turn(1)
    two.turn(1800)
    midst = status(two), two.ids()
    two.turn(1810)
    for _ in range(5):
        two.turn(61)

    assert "InProgress" == midst[0]
    assert first != midst[1]
    assert "RollbackSuccessful" == status(two)
    assert ["1"] == versions(two)


def test_a_newcomer_that_is_abandoned_is_tried_again(two: Fleet) -> None:
    """One failure does not fail the refresh."""
    two.make(DesiredCapacity=1)
    two.asg.put_lifecycle_hook(AutoScalingGroupName="g", **UP)
    start(two)
    two.complete("up", "ABANDON")
    two.turn(2)
    again = two.states()
    two.complete("up", "CONTINUE")
    for _ in range(3):
        two.turn(1)

    assert ["Pending:Wait"] == again
    assert "Successful" == status(two)
    assert ["2"] == versions(two)


def test_a_launch_that_ec2_refuses_once_is_tried_again_soon(two: Fleet) -> None:
    """Though the refresh, and not the group, asked for it."""
    two.make(DesiredCapacity=1)
    two.endpoint.cloud.fail_launches("g", 1)
    start(two)
    two.turn(2)

    assert ["InService"] == two.states()
    assert ["2"] == versions(two)


def test_launches_that_ec2_goes_on_refusing_fail_it_after_an_hour(two: Fleet) -> None:
    """Tried ever more slowly; nobody has left for those who never came."""
    two.make(DesiredCapacity=1)
    two.endpoint.cloud.fail_launches("g", 10**6)
    start(two, MinHealthyPercentage=100, MaxHealthyPercentage=110)
    for _ in range(10):
        two.turn(30)
    soon = status(two), len(two.activities())
    for _ in range(10):
        two.turn(400)

    assert "InProgress" == soon[0]
    assert soon[1] < 12
    assert "Failed" == status(two)
    assert ["1"] == versions(two)


def test_the_way_back_from_launches_that_ec2_refused_does_not_wait_for_another_hour(two: Fleet) -> None:
    """The group launches what is missing, of the version before."""
    two.make(DesiredCapacity=1)
    two.endpoint.cloud.fail_launches("g", 10**6)
    start(two, AutoRollback=True)
    two.turn(3600)
    two.endpoint.cloud.fail_launches("g", 0)
    for _ in range(4):
        two.turn(61)

    assert "RollbackSuccessful" == status(two)
    assert ["1"] == versions(two)


@pytest.mark.parametrize(
    ("low", "high", "states"),
    [
        (100, 100, ["InService"] * 2 + ["Pending:Wait"]),
        (100, 150, ["InService"] * 2 + ["Pending:Wait"]),
        (90, 150, ["InService"] * 2 + ["Pending:Wait"]),
        (50, 150, ["InService", "Pending:Wait"]),
        (50, 100, ["InService", "Pending:Wait"]),
    ],
)
def test_the_new_come_first_where_no_old_one_can_be_spared(two: Fleet, low: int, high: int, states: list[str]) -> None:
    """A minimum of 100 asks for it, also with a maximum of 100."""
    two.make([UP], DesiredCapacity=2)
    for instance in two.ids():
        two.complete("up", "CONTINUE", instance)
    start(two, MinHealthyPercentage=low, MaxHealthyPercentage=high)

    assert states == two.states()


def test_who_is_in_standby_by_now_is_left_alone(two: Fleet) -> None:
    """Not only who was when it began."""
    two.make(DesiredCapacity=2)
    two.asg.start_instance_refresh(AutoScalingGroupName="g", DesiredConfiguration=SECOND)
    aside = two.ids()[1]
    two.asg.enter_standby(AutoScalingGroupName="g", InstanceIds=[aside], ShouldDecrementDesiredCapacity=True)
    for _ in range(8):
        two.turn(1)

    assert "Successful" == status(two)
    assert ["1", "2"] == versions(two)
    assert aside in two.ids()


def test_a_last_checkpoint_below_100_ends_it(two: Fleet) -> None:
    """After its delay, as a refresh that succeeded (user guide, "Add checkpoints to an instance refresh")."""
    two.make(DesiredCapacity=2)
    start(two, CheckpointPercentages=[50], CheckpointDelay=10, MinHealthyPercentage=50)
    for _ in range(10):
        two.turn(11)

    assert "Successful" == status(two)
    assert ["1", "2"] == versions(two)


def test_a_checkpoint_that_is_passed_is_not_waited_at(two: Fleet) -> None:
    """Of two instances the first is half of all: it stops at 40, not at 10 as well."""
    two.make(DesiredCapacity=2)
    start(two, CheckpointPercentages=[10, 40, 100], CheckpointDelay=100, MinHealthyPercentage=50)
    two.turn(1)
    two.turn(100)
    for _ in range(3):
        two.turn(1)

    assert ["2", "2"] == versions(two)


def test_the_warm_pool_is_renewed_too(two: Fleet) -> None:
    """Nobody of the old version comes into service in the place of one who left, nor later."""
    two.make(DesiredCapacity=1, MaxSize=2)
    two.asg.put_warm_pool(AutoScalingGroupName="g", MinSize=1)
    start(two)
    for _ in range(4):
        two.turn(1)
    pool = two.asg.describe_warm_pool(AutoScalingGroupName="g")["Instances"]

    assert "Successful" == status(two)
    assert ["2"] == versions(two)
    assert ["2"] == [each["LaunchTemplate"]["Version"] for each in pool]


def test_a_way_back_ends_nobody_while_terminate_is_suspended(two: Fleet) -> None:
    """Who is too many leaves when it is resumed."""
    two.make(DesiredCapacity=1)
    two.asg.put_lifecycle_hook(AutoScalingGroupName="g", **UP)
    start(two, MinHealthyPercentage=100, MaxHealthyPercentage=150)
    two.suspend("Terminate")
    two.asg.rollback_instance_refresh(AutoScalingGroupName="g")
    two.turn(1)

    assert ["InService", "Pending:Wait"] == two.states()
