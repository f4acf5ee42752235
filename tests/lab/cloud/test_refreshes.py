"""Instance refreshes: they replace, wait, fail, are called off and go back. A describe is a step of their time."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from slackwater.lab.cloud import Endpoint
from tests.lab.cloud.conftest import Make

LIMIT = 60


class Refreshing:
    """One group of three on version 1."""

    def __init__(self, endpoint: Endpoint, make: Make, asg: Any, name: str, **more: Any) -> None:
        make(name, DesiredCapacity=3, **more)
        self.endpoint, self.asg, self.name = endpoint, asg, name

    def start(self, version: str | None = "2", **preferences: Any) -> str:
        wanted = {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": version}}
        asked = {"DesiredConfiguration": wanted} if version else {}
        started = self.asg.start_instance_refresh(AutoScalingGroupName=self.name, Preferences=preferences, **asked)
        return str(started["InstanceRefreshId"])

    def look(self) -> dict[str, Any]:
        found = self.asg.describe_instance_refreshes(AutoScalingGroupName=self.name)["InstanceRefreshes"]
        return dict(found[0])

    def watch(self) -> list[dict[str, Any]]:
        """Until it has ended."""
        seen = []
        for _ in range(LIMIT):
            seen.append(self.look())
            if seen[-1].get("EndTime"):
                return seen
        raise AssertionError(f"{self.name} goes on: {seen[-3:]}")

    def group(self) -> dict[str, Any]:
        return dict(self.asg.describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])["AutoScalingGroups"][0])

    def versions(self) -> list[str]:
        return [each["LaunchTemplate"]["Version"] for each in self.group()["Instances"]]


@pytest.fixture
def refreshing(endpoint: Endpoint, make: Make, asg: Any, request: pytest.FixtureRequest) -> Refreshing:
    return Refreshing(endpoint, make, asg, request.node.name[:60])


def statuses(seen: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(each["Status"] for each in seen))


def test_all_are_replaced_and_the_group_says_so_afterwards(refreshing: Refreshing) -> None:
    """Only a success changes the group itself."""
    identity = refreshing.start()
    before = refreshing.group()["LaunchTemplate"]["Version"]
    seen = refreshing.watch()

    assert "1" == before
    assert ["Pending", "InProgress", "Successful"] == statuses(seen)
    assert (identity, 100, 0) == tuple(
        seen[-1][key] for key in ("InstanceRefreshId", "PercentageComplete", "InstancesToUpdate")
    )
    assert sorted(each["PercentageComplete"] for each in seen) == [each["PercentageComplete"] for each in seen]
    assert ["2"] * 3 == refreshing.versions()
    assert "2" == refreshing.group()["LaunchTemplate"]["Version"]


def test_new_ones_come_before_old_ones_go(refreshing: Refreshing) -> None:
    """With 100 and 134 %, the group never has fewer than three."""
    refreshing.start(MinHealthyPercentage=100, MaxHealthyPercentage=134)
    counts = set()
    while not refreshing.look().get("EndTime"):
        counts.add(len(refreshing.versions()))

    assert {3, 4} == counts
    assert ["2"] * 3 == refreshing.versions()


def test_a_checkpoint_is_held(refreshing: Refreshing) -> None:
    """A look at it says where it waits."""
    refreshing.start(CheckpointPercentages=[33, 100], CheckpointDelay=60, MinHealthyPercentage=0)
    seen = refreshing.watch()
    held = [each for each in seen if "checkpoint" in each.get("StatusReason", "")]

    assert [33] == [each["PercentageComplete"] for each in held]
    assert "Successful" == seen[-1]["Status"]


def test_instances_that_never_become_healthy_fail_it(refreshing: Refreshing) -> None:
    """The group keeps its old template."""
    refreshing.endpoint.cloud.never_healthy("web:3")
    refreshing.start("3")
    seen = refreshing.watch()
    refreshing.endpoint.cloud.healthy_again("web:3")

    assert ["Pending", "InProgress", "Failed"] == statuses(seen)
    assert "did not become healthy" in seen[-1]["StatusReason"]
    assert "1" == refreshing.group()["LaunchTemplate"]["Version"]


def test_launches_that_ec2_refuses_fail_it(refreshing: Refreshing) -> None:
    """No capacity is no new instance."""
    refreshing.endpoint.cloud.fail_launches(refreshing.name, 99)
    refreshing.start(MinHealthyPercentage=100, MaxHealthyPercentage=134)

    assert "Failed" == refreshing.watch()[-1]["Status"]
    assert ["1"] * 3 == refreshing.versions()


def test_it_goes_back_by_itself(refreshing: Refreshing) -> None:
    """With AutoRollback; what it had launched is replaced again."""
    refreshing.endpoint.cloud.never_healthy("web:3")
    refreshing.start("3", AutoRollback=True)
    seen = refreshing.watch()
    refreshing.endpoint.cloud.healthy_again("web:3")

    assert ["Pending", "InProgress", "RollbackInProgress", "RollbackSuccessful"] == statuses(seen)
    assert "did not become healthy" in seen[-1]["RollbackDetails"]["RollbackReason"]
    assert ["1"] * 3 == refreshing.versions()


def test_nobody_is_too_many_afterwards(refreshing: Refreshing) -> None:
    """An extra instance that never became healthy goes, and nothing is launched in its place."""
    refreshing.endpoint.cloud.never_healthy("web:3")
    refreshing.start("3", AutoRollback=True, MinHealthyPercentage=100, MaxHealthyPercentage=134)
    before = {each["InstanceId"] for each in refreshing.group()["Instances"]}
    seen = refreshing.watch()
    refreshing.endpoint.cloud.healthy_again("web:3")

    assert "RollbackSuccessful" == seen[-1]["Status"]
    assert before == {each["InstanceId"] for each in refreshing.group()["Instances"]}


@pytest.mark.parametrize("process", ["InstanceRefresh", "Launch", "Terminate"])
def test_a_suspended_refresh_stands_still(refreshing: Refreshing, asg: Any, process: str) -> None:
    """Until the process is resumed: it replaces nobody, so nobody leaves."""
    refreshing.start()
    refreshing.look()
    before = {each["InstanceId"] for each in refreshing.group()["Instances"]}
    asg.suspend_processes(AutoScalingGroupName=refreshing.name, ScalingProcesses=[process])
    seen = [refreshing.look()["PercentageComplete"] for _ in range(4)]
    there = {each["InstanceId"] for each in refreshing.group()["Instances"]}
    asg.resume_processes(AutoScalingGroupName=refreshing.name)

    assert [0] * 4 == seen
    assert before == there
    assert "Successful" == refreshing.watch()[-1]["Status"]


def test_an_alarm_sends_it_back(refreshing: Refreshing) -> None:
    """One that is in ALARM while it runs."""
    cloudwatch = refreshing.endpoint.client("cloudwatch")
    metric = {"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    cloudwatch.put_metric_alarm(AlarmName="errors", **metric, Threshold=1.0, ComparisonOperator="GreaterThanThreshold")
    refreshing.start("2", AutoRollback=True, AlarmSpecification={"Alarms": ["errors"]})
    for _ in range(3):
        refreshing.look()
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="test")
    seen = refreshing.watch()

    assert "RollbackSuccessful" == seen[-1]["Status"]
    assert "errors" in seen[-1]["RollbackDetails"]["RollbackReason"]
    assert ["1"] * 3 == refreshing.versions()


def test_it_is_called_off(refreshing: Refreshing, asg: Any) -> None:
    """What is replaced stays replaced; a second time there is nothing to call off."""
    refreshing.start(MinHealthyPercentage=50)
    for _ in range(3):
        refreshing.look()
    asg.cancel_instance_refresh(AutoScalingGroupName=refreshing.name)

    assert ["Cancelling", "Cancelled"] == statuses(refreshing.watch())
    assert {"1", "2"} == set(refreshing.versions())
    with pytest.raises(ClientError, match="ActiveInstanceRefreshNotFound"):
        asg.cancel_instance_refresh(AutoScalingGroupName=refreshing.name)


def test_it_is_rolled_back_on_request(refreshing: Refreshing, asg: Any) -> None:
    """All are of the old version again."""
    refreshing.start()
    for _ in range(3):
        refreshing.look()
    asg.rollback_instance_refresh(AutoScalingGroupName=refreshing.name)

    assert "RollbackSuccessful" == refreshing.watch()[-1]["Status"]
    assert ["1"] * 3 == refreshing.versions()


@pytest.mark.parametrize("version", [None, "$Latest"], ids=["no configuration", "a moving version"])
def test_nobody_goes_back_to_what_was_not_written_down(refreshing: Refreshing, asg: Any, version: str | None) -> None:
    """Neither on request nor by itself."""
    with pytest.raises(ClientError, match="Rollback needs"):
        refreshing.start(version, AutoRollback=True)
    refreshing.start(version)
    with pytest.raises(ClientError, match="IrreversibleInstanceRefresh"):
        asg.rollback_instance_refresh(AutoScalingGroupName=refreshing.name)


def test_one_at_a_time(refreshing: Refreshing) -> None:
    """The second is refused."""
    refreshing.start()
    with pytest.raises(ClientError, match="InstanceRefreshInProgress"):
        refreshing.start()


def test_those_that_match_are_skipped(refreshing: Refreshing) -> None:
    """Nothing is replaced that is as wanted already."""
    before = [each["InstanceId"] for each in refreshing.group()["Instances"]]
    refreshing.start("1", SkipMatching=True)

    assert "Successful" == refreshing.watch()[-1]["Status"]
    assert before == [each["InstanceId"] for each in refreshing.group()["Instances"]]


@pytest.mark.parametrize("whom", ["ScaleInProtectedInstances", "StandbyInstances"])
def test_nobody_is_waited_for(refreshing: Refreshing, whom: str) -> None:
    """AWS would wait an hour; here that is said, and nobody is replaced who should not be."""
    with pytest.raises(ClientError, match=f"{whom}: the lab's cloud waits for nobody"):
        refreshing.start(**{whom: "Wait"})


def test_it_bakes(refreshing: Refreshing) -> None:
    """With a bake time it is not over when all are replaced."""
    refreshing.start(BakeTime=60)

    assert ["Pending", "InProgress", "Baking", "Successful"] == statuses(refreshing.watch())


def test_the_groups_maintenance_policy_holds(endpoint: Endpoint, make: Make, asg: Any) -> None:
    """Unless the refresh says otherwise; what it asked for is described."""
    policy = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 110}
    group = Refreshing(endpoint, make, asg, "maintained", InstanceMaintenancePolicy=policy)
    group.start("2", InstanceWarmup=30)

    assert policy | {"InstanceWarmup": 30} == {
        key: group.look()["Preferences"][key] for key in (*policy, "InstanceWarmup")
    }
