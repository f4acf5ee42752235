"""Single instances of a group, and what the group writes down about them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slackwater.lab.cloud import Endpoint, cloud
from slackwater.lab.cloud.machines import Paper
from slackwater.lab.metadata import Instance
from slackwater.lab.metadata.service import Find
from tests.lab.cloud.conftest import Make
from tests.lab.cloud.fleet import UP, Fleet


def ids(group: dict[str, Any]) -> list[str]:
    return [each["InstanceId"] for each in group["Instances"]]


def activities(asg: Any, group: str) -> list[dict[str, Any]]:
    return list(asg.describe_scaling_activities(AutoScalingGroupName=group)["Activities"])


def test_an_instance_is_found_by_its_id(make: Make, asg: Any, described: Any) -> None:
    """With its group and the version it was launched from; one that is nobody's is left out."""
    make("found", DesiredCapacity=1)
    instance = ids(described("found"))[0]
    found = asg.describe_auto_scaling_instances(InstanceIds=[instance, "i-0"])["AutoScalingInstances"]

    assert [("found", "InService", "HEALTHY", "1")] == [
        (each["AutoScalingGroupName"], each["LifecycleState"], each["HealthStatus"], each["LaunchTemplate"]["Version"])
        for each in found
    ]


def test_scale_in_spares_standby_and_protected_ones(make: Make, asg: Any, described: Any) -> None:
    """moto kills whoever is first, also in standby."""
    make("spared", DesiredCapacity=3)
    standby, protected, other = ids(described("spared"))
    asg.enter_standby(AutoScalingGroupName="spared", InstanceIds=[standby], ShouldDecrementDesiredCapacity=True)
    asg.set_instance_protection(AutoScalingGroupName="spared", InstanceIds=[protected], ProtectedFromScaleIn=True)
    asg.set_desired_capacity(AutoScalingGroupName="spared", DesiredCapacity=1)
    left = ids(described("spared"))
    asg.exit_standby(AutoScalingGroupName="spared", InstanceIds=[standby])

    assert [standby, protected] == left
    assert other not in left
    assert ["InService"] * 2 == [each["LifecycleState"] for each in described("spared")["Instances"]]


def test_a_detached_instance_is_replaced_unless_the_group_shrinks(make: Make, asg: Any, described: Any) -> None:
    """It goes on running."""
    make("detached", DesiredCapacity=2)
    gone = ids(described("detached"))[0]
    asg.detach_instances(AutoScalingGroupName="detached", InstanceIds=[gone], ShouldDecrementDesiredCapacity=False)
    after = ids(described("detached"))

    assert gone not in after
    assert 2 == len(after)


def test_a_terminated_instance_is_replaced_unless_the_group_shrinks(make: Make, asg: Any, described: Any) -> None:
    """Below the minimum it may not shrink."""
    make("ended", DesiredCapacity=2, MinSize=2)
    first = ids(described("ended"))[0]
    end = asg.terminate_instance_in_auto_scaling_group
    with pytest.raises(ClientError, match="desiredSize equals minSize"):
        end(InstanceId=first, ShouldDecrementDesiredCapacity=True)
    end(InstanceId=first, ShouldDecrementDesiredCapacity=False)

    assert first not in ids(described("ended"))
    assert 2 == len(ids(described("ended")))
    with pytest.raises(ClientError, match="No managed instance found"):
        end(InstanceId="i-0", ShouldDecrementDesiredCapacity=False)


def test_a_group_notices_an_instance_that_ec2_terminated(make: Make, ec2: Any, described: Any) -> None:
    """And replaces it."""
    make("lost", DesiredCapacity=1)
    first = ids(described("lost"))
    ec2.terminate_instances(InstanceIds=first)

    assert 1 == len(ids(described("lost")))
    assert first != ids(described("lost"))


def test_an_unhealthy_instance_is_replaced(endpoint: Endpoint, make: Make, asg: Any, described: Any) -> None:
    """moto only keeps the word."""
    make("sick", DesiredCapacity=1)
    first = ids(described("sick"))
    asg.set_instance_health(InstanceId=first[0], HealthStatus="Unhealthy")
    endpoint.cloud.tick()

    assert 1 == len(ids(described("sick")))
    assert first != ids(described("sick"))


def test_the_oldest_template_leaves_first(make: Make, asg: Any, described: Any) -> None:
    """The group's termination policies are heard."""
    make("policy", DesiredCapacity=1, TerminationPolicies=["OldestLaunchTemplate"], LaunchTemplate=version(2))
    asg.update_auto_scaling_group(AutoScalingGroupName="policy", LaunchTemplate=version(1), DesiredCapacity=3)
    asg.set_desired_capacity(AutoScalingGroupName="policy", DesiredCapacity=1)

    assert ["2"] == [each["LaunchTemplate"]["Version"] for each in described("policy")["Instances"]]


def version(number: int) -> dict[str, str]:
    return {"LaunchTemplateName": "web", "Version": str(number)}


def test_activities_say_what_was_done_and_why(make: Make, asg: Any, described: Any) -> None:
    """Newest first; moto's list is always empty."""
    make("busy", DesiredCapacity=1)
    instance = ids(described("busy"))[0]
    asg.set_desired_capacity(AutoScalingGroupName="busy", DesiredCapacity=0)
    found = activities(asg, "busy")

    expected = [f"Terminating EC2 instance: {instance}", f"Launching a new EC2 instance: {instance}"]
    assert expected == [each["Description"] for each in found]
    assert {("Successful", 100)} == {(each["StatusCode"], each["Progress"]) for each in found}
    assert "changing the desired capacity from 0 to 1" in found[1]["Cause"]


def test_launches_that_ec2_refuses_are_failed_activities(
    endpoint: Endpoint, make: Make, asg: Any, described: Any
) -> None:
    """Without an instance; the next attempt works."""
    endpoint.cloud.fail_launches("refused", 2)
    make("refused", DesiredCapacity=1)
    before = [described("refused")["Instances"], activities(asg, "refused")[-1]["StatusMessage"]]
    endpoint.cloud.retry("refused")
    endpoint.cloud.retry("refused")
    statuses = [each["StatusCode"] for each in activities(asg, "refused")]

    assert before[0] == []
    assert before[1].endswith("Launching EC2 instance failed.")
    assert ["Successful", "Failed", "Failed"] == statuses
    assert 1 == len(described("refused")["Instances"])


def test_launches_that_are_abandoned_are_cancelled_activities(
    endpoint: Endpoint, make: Make, asg: Any, described: Any
) -> None:
    """The instance came up and was terminated."""
    endpoint.cloud.abandon_launches("abandoned", 1)
    make("abandoned", DesiredCapacity=1)
    endpoint.cloud.retry("abandoned")
    words = [(each["Description"].split()[0], each["StatusCode"]) for each in activities(asg, "abandoned")]

    assert [("Launching", "Successful"), ("Terminating", "Successful"), ("Launching", "Cancelled")] == words
    assert 1 == len(described("abandoned")["Instances"])


def test_a_template_that_ec2_refuses_fails_each_launch(make: Make, asg: Any, ec2: Any, described: Any) -> None:
    """An instance profile that is not there is found when the first instance is launched."""
    data = {"ImageId": "ami-0", "InstanceType": "t3.micro", "IamInstanceProfile": {"Name": "nobody"}}
    ec2.create_launch_template(LaunchTemplateName="no-profile", LaunchTemplateData=data)
    make("hopeless", DesiredCapacity=1, LaunchTemplate={"LaunchTemplateName": "no-profile", "Version": "1"})

    assert [] == described("hopeless")["Instances"]
    assert "Failed" == activities(asg, "hopeless")[-1]["StatusCode"]


def test_a_member_may_be_put_in_any_state(make: Make, endpoint: Endpoint, described: Any) -> None:
    """For those who read states: some of them last no longer than a blink."""
    make("any", DesiredCapacity=2)
    first, second = ids(described("any"))
    endpoint.cloud.put_in(first, "Terminating:Proceed")

    assert {first: "Terminating:Proceed", second: "InService"} == {
        each["InstanceId"]: each["LifecycleState"] for each in described("any")["Instances"]
    }


def test_who_was_on_the_way_in_when_the_group_shrank_leaves_once_in_service(fleet: Fleet) -> None:
    """A hook's wait is not cut short; the group is as large as it should be afterwards."""
    fleet.make([UP], DesiredCapacity=1)
    fleet.desire(0)
    waiting = fleet.states()
    fleet.complete("up", "CONTINUE")
    fleet.turn(1)

    assert ["Pending:Wait"] == waiting
    assert [] == fleet.states()


def test_with_terminate_suspended_nobody_leaves(fleet: Fleet) -> None:
    """The group stays larger than it should be until it is resumed."""
    fleet.make(DesiredCapacity=2)
    fleet.suspend("Terminate")
    fleet.desire(0)
    fleet.turn(100)
    kept = fleet.states()
    fleet.resume("Terminate")

    assert ["InService"] * 2 == kept
    assert [] == fleet.states()


def test_states_are_told_without_a_request(make: Make, endpoint: Endpoint) -> None:
    """A group that is not there has no instances."""
    make("told", DesiredCapacity=2)

    assert ["InService"] * 2 == list(endpoint.cloud.members("told").values())
    assert {} == endpoint.cloud.members("nobody")


class Asked(Paper):
    """Whose metadata service is this test."""

    find: Find

    def serving(self, find: Find) -> AbstractContextManager[object]:
        self.find = find
        return super().serving(find)


def test_a_guest_reads_its_own_metadata() -> None:
    """A balancer that is no instance asks for credentials as one does; nobody else does."""
    machines, guest = Asked(), Instance("i-balancer", "10.77.0.211")
    with cloud(machines=machines) as sky:
        before = machines.find(guest.address)
        sky.cloud.admit(guest)

        assert (None, guest, None) == (before, machines.find(guest.address), machines.find("10.77.0.212"))
