"""What AWS hears of a leave, and what the agent makes of its answers: against the lab's cloud, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slackwater.agents.drain.around import Surroundings
from slackwater.agents.drain.causes import Notice
from slackwater.agents.drain.cloud import LEAST, Cloud
from slackwater.agents.drain.leave import Leave, State
from slackwater.agents.drain.orders import Orders
from slackwater.agents.drain.seen import Gate
from slackwater.agents.drain.told import Group
from slackwater.agents.metadata import Metadata
from slackwater.agents.signed import Aws, RefusedError
from slackwater.lab.cloud import Endpoint, cloud
from slackwater.lab.metadata import Instance, listening, serving
from tests.agents.drain.site import until
from tests.agents.drain.usual import usual
from tests.lab.cloud.conftest import group_arguments, template_data
from tests.lab.cloud.test_targets import balance

DELAY = 300
"""Seconds that a target group drains unless told otherwise."""
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
HOOK = {"LifecycleHookName": "down", "LifecycleTransition": TERMINATING, "HeartbeatTimeout": 60}
HOOK |= {"DefaultResult": "CONTINUE"}
OUT = Orders(Gate.CLOSED, away=True)
BEATS, COMPLETES = replace(OUT, beat=True), replace(OUT, beat=True, complete=True)
BACK = Orders(Gate.OPEN)


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


class Fleet:
    """A group of one instance behind a target group, and what that instance's agent says to AWS."""

    def __init__(self, endpoint: Endpoint, clock: Clock, metadata: str) -> None:
        self.endpoint, self.clock = endpoint, clock
        self.asg, self.elb = endpoint.client("autoscaling"), endpoint.client("elbv2")
        ground = endpoint.cloud.ground()
        self.ground = ground
        data = template_data(ground)
        endpoint.client("ec2").create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
        asked = {"Name": "shop", "Protocol": "HTTP", "Port": 8000, "VpcId": ground.vpc}
        self.arn = self.elb.create_target_group(**asked)["TargetGroups"][0]["TargetGroupArn"]
        balance(self.elb, ground, "front", self.arn)
        more = {"LifecycleHookSpecificationList": [HOOK], "TargetGroupARNs": [self.arn], "DesiredCapacity": 1}
        self.asg.create_auto_scaling_group(**group_arguments(ground, "g", **more))
        self.wait(1)
        self.instance = self.instances()[0]["InstanceId"]
        self.log: list[str] = []
        group = Group("g", endpoint.region, "down", endpoint.url, ("shop",))
        aws = Aws(Metadata(metadata), endpoint.region, endpoint.url, float("inf"), new_role=0.0, least=LEAST)
        self.aws = aws
        self._about = (aws, self.instance, group, usual(), Surroundings(clock, "boot", self.log.append))
        self.cloud = self.agent()

    def agent(self, counted: Path | None = None) -> Cloud:
        """Another one, as after a restart."""
        return Cloud(*self._about, counted=counted)

    def add_targets(self, name: str, names: tuple[str, ...], *, is_new: bool = True) -> str:
        """A target group that the instance is in as well, of which a new agent knows by `names`."""
        asked = {"Name": name, "Protocol": "HTTP", "Port": 8000, "VpcId": self.ground.vpc}
        arn = str(self.elb.create_target_group(**asked)["TargetGroups"][0]["TargetGroupArn"])
        balance(self.elb, self.ground, f"front-{arn[-16:]}", arn)
        self.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": self.instance}])
        if is_new:
            aws, instance, group, *others = self._about
            self._about = (aws, instance, replace(group, target_groups=names), *others)
            self.cloud = self.agent()
        return arn

    def delete_targets(self, arn: str) -> None:
        found = self.elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
        self.elb.delete_load_balancer(LoadBalancerArn=found["LoadBalancerArns"][0])
        self.elb.delete_target_group(TargetGroupArn=arn)

    def instances(self) -> list[dict[str, Any]]:
        return list(self.asg.describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"])

    def state(self) -> str:
        return "".join(each["LifecycleState"] for each in self.instances())

    def shrink(self) -> None:
        self.asg.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=0)

    def shrink_to_its_hooks(self) -> None:
        """The target group has drained: now the group waits for the agent."""
        self.shrink()
        self.wait(DELAY)

    def wait(self, seconds: float) -> None:
        self.clock.seconds += seconds
        self.endpoint.cloud.tick()

    def look(self, orders: Orders, leave: Leave = Leave(State.DRAINING)) -> None:  # noqa: B008 - a value
        """Once more, when what was refused is due again."""
        self.clock.seconds += 3
        self.cloud.told(leave, orders)
        self.cloud.look()

    def out(self) -> Leave:
        """The target group is named, the leave remembers it, then it is left."""
        self.look(OUT)
        leave = Leave(State.DRAINING, groups=tuple(self.cloud.targets.own))
        self.look(OUT, leave)
        return leave

    def registered(self) -> str:
        found = self.elb.describe_target_health(TargetGroupArn=self.arn)["TargetHealthDescriptions"]
        return "".join(each["TargetHealth"]["State"] for each in found)


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    clock, me = Clock(), Instance("i-1", "127.0.0.1")
    with (
        cloud(lifecycle=True, clock=clock) as endpoint,
        serving(listening(), lambda _: me) as service,
    ):
        yield Fleet(endpoint, clock, service.url)
        assert ([], []) == (endpoint.uncovered, endpoint.misshapen), (endpoint.uncovered, endpoint.misshapen)


def test_heartbeats_and_the_last_word(fleet: Fleet) -> None:
    """Before the group waits they are refused, and no fault; then a beat at half of its time, and one word."""
    fleet.look(COMPLETES)
    early = (fleet.state(), fleet.cloud.beats, fleet.cloud.completed, fleet.cloud.failures)
    fleet.shrink_to_its_hooks()
    for _ in range(60):
        fleet.look(BEATS)
        fleet.wait(0)
    waits, beats = fleet.state(), fleet.cloud.beats
    fleet.look(COMPLETES)

    assert ("InService", 0, "", 0) == early
    assert ("Terminating:Wait", 6) == (waits, beats)
    assert "completed: CONTINUE" == fleet.cloud.completed
    assert "Terminating:Wait" != fleet.state()


def test_a_hook_that_was_changed_since_the_launch(fleet: Fleet) -> None:
    """Half of what the group waits now, not of what it waited then."""
    fleet.asg.put_lifecycle_hook(AutoScalingGroupName="g", **{**HOOK, "HeartbeatTimeout": 30})
    fleet.shrink_to_its_hooks()
    for _ in range(40):
        fleet.look(BEATS)
        fleet.wait(0)

    assert ("Terminating:Wait", 2 * 4) == (fleet.state(), fleet.cloud.beats - 1)
    assert 1 == sum("not as at the launch" in line for line in fleet.log)


def test_who_may_not_ask_for_the_hook_goes_by_the_launch(fleet: Fleet) -> None:
    """A role that was made before: it is said, and is no failure of the leave."""
    fleet.endpoint.fail("autoscaling", "DescribeLifecycleHooks", "AccessDenied", times=99)
    fleet.shrink_to_its_hooks()
    for _ in range(30):
        fleet.look(BEATS)
        fleet.wait(0)
    waits = fleet.state()
    fleet.look(COMPLETES)

    assert ("Terminating:Wait", "completed: CONTINUE") == (waits, fleet.cloud.completed)
    assert (0, "") == (fleet.cloud.failures, fleet.cloud.error)
    assert any("is not known" in line for line in fleet.log)


def test_a_hook_that_has_another_name_since_the_launch(fleet: Fleet) -> None:
    """It is held by the new one, and told so; a hook that others wait on at the launch is none of it."""
    renamed = {**HOOK, "LifecycleHookName": "out"}
    fleet.asg.put_lifecycle_hook(AutoScalingGroupName="g", **renamed)
    up = {**HOOK, "LifecycleHookName": "up", "LifecycleTransition": TERMINATING.replace("TERMINATING", "LAUNCHING")}
    fleet.asg.put_lifecycle_hook(AutoScalingGroupName="g", **up)
    fleet.asg.delete_lifecycle_hook(AutoScalingGroupName="g", LifecycleHookName="down")
    fleet.shrink_to_its_hooks()
    for _ in range(30):
        fleet.look(BEATS)
        fleet.wait(0)
    waits = fleet.state()
    fleet.look(COMPLETES)

    assert ("Terminating:Wait", "completed: CONTINUE") == (waits, fleet.cloud.completed)


def test_a_word_that_nobody_waits_for_is_the_last(fleet: Fleet) -> None:
    """The group's own books say so; that there is no action alone would not."""
    fleet.shrink_to_its_hooks()
    fleet.wait(61)
    fleet.look(COMPLETES)

    assert "" == fleet.state()
    assert fleet.cloud.completed.startswith("nobody waits any more")


def test_out_of_the_target_group_and_back(fleet: Fleet) -> None:
    """By itself when the group has not done it, from then on the hold counts; called off, it is registered again."""
    targets, before = fleet.cloud.targets, fleet.registered()
    left = fleet.out().groups
    off, during = targets.off, fleet.registered()
    fleet.look(BACK, Leave(groups=left))

    assert ("initial", "draining", "initial") == (before, during, fleet.registered())
    assert (fleet.clock.seconds - 3, (fleet.arn,)) == (off, left)
    assert (None, frozenset(), {fleet.arn}) == (targets.off, targets.own, targets.back)


def test_the_groups_own_deregistration_counts(fleet: Fleet) -> None:
    """From the notice, not from the first look at the target group; one that has gone from it needs no hold."""
    fleet.shrink()
    notice = Notice("lifecycle", "Terminated", "", fleet.clock.seconds)
    fleet.clock.seconds += 20
    fleet.look(OUT, Leave(State.DRAINING, (notice,)))
    draining = fleet.cloud.targets.off
    fleet.look(BACK, Leave())
    fleet.wait(400)
    fleet.look(OUT, Leave(State.DRAINING, (notice,)))

    assert notice.since == draining
    assert 0 == fleet.cloud.targets.off
    assert ("elbv2", "DeregisterTargets") not in fleet.endpoint.calls


def test_an_agent_that_restarts_registers_what_it_had_left(fleet: Fleet) -> None:
    """The leave remembers it; nothing is said before it is known how that stands."""
    left = fleet.out().groups
    again = fleet.agent()
    again.look()
    early = again.targets.back
    again.told(Leave(groups=left), BACK)
    again.look()

    assert (frozenset(), {fleet.arn}) == (early, again.targets.back)
    assert "initial" == fleet.registered()


def test_nothing_is_left_that_nobody_remembers(fleet: Fleet) -> None:
    """An agent that is killed between the call and the disk would never come back."""
    fleet.look(OUT)
    named = fleet.cloud.targets.own
    fleet.look(OUT)

    assert ({fleet.arn}, "initial") == (named, fleet.registered())
    assert ("elbv2", "DeregisterTargets") not in fleet.endpoint.calls


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_call_that_was_not_answered_is_undone_too(fleet: Fleet, is_restarted: bool) -> None:
    """AWS has taken it, and nobody heard so: it is this host that is out, not the group that took it out."""
    fleet.endpoint.fail("elbv2", "DeregisterTargets", "InternalFailure", times=9, after=True, status=400)
    leave = fleet.out()
    during = fleet.registered()
    fleet.endpoint.recover()
    if is_restarted:
        fleet.cloud = fleet.agent()
    fleet.look(BACK, Leave(groups=leave.groups))

    assert ("draining", "initial") == (during, fleet.registered())


def test_called_off_while_the_call_is_under_way(fleet: Fleet) -> None:
    """Whatever the leave has come to remember by then."""
    fleet.out()
    fleet.look(BACK, Leave())

    assert "initial" == fleet.registered()


def test_a_leave_that_begins_again_leaves_again(fleet: Fleet) -> None:
    """Though the way back was not gone to its end: the one that was registered is left once more."""
    leave = fleet.out()
    more = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/zzz/0123456789abcdef"
    fleet.endpoint.fail("elbv2", "RegisterTargets", "AccessDenied", times=1)
    fleet.look(BACK, Leave(groups=leave.groups))
    refused = fleet.registered()
    fleet.look(BACK, Leave(groups=(*leave.groups, more)))
    back = (fleet.registered(), fleet.cloud.targets.back)
    fleet.look(OUT, leave)

    assert ("draining", ("initial", {fleet.arn, more})) == (refused, back)
    assert ("draining", fleet.clock.seconds) == (fleet.registered(), fleet.cloud.targets.off)


def test_target_groups_that_aws_does_not_name_are_a_fault(fleet: Fleet) -> None:
    """Not the end of the thread, and none that is out."""
    fleet.endpoint.say("elbv2", "DescribeTargetGroups", "<DescribeTargetGroupsResponse/>", times=1)
    fleet.look(OUT)

    assert ("target groups", None) == (fleet.cloud.error.partition(":")[0], fleet.cloud.targets.off)
    assert "draining" == (fleet.out() and fleet.registered())


def test_a_group_that_refuses_keeps_the_instance_in_no_other(fleet: Fleet) -> None:
    """It is tried again like any call; in the others nobody sends any more."""
    first = fleet.add_targets("before", ("before", "shop"))
    fleet.endpoint.fail("elbv2", "DescribeTargetHealth", "AccessDenied", times=1, status=403)
    fleet.look(OUT)
    named, error = fleet.cloud.targets.own, fleet.cloud.error
    fleet.look(OUT, Leave(State.DRAINING, groups=tuple(named)))

    assert ({fleet.arn}, "target groups") == (named, error.partition(":")[0])
    assert ({fleet.arn, first}, "draining") == (fleet.cloud.targets.own, fleet.registered())


def test_a_target_group_that_was_made_again(fleet: Fleet) -> None:
    """Under its name, between two leaves of one agent: the second leaves the one that is there."""
    old = fleet.add_targets("after", ("shop", "after"))
    left = (fleet.look(OUT), tuple(fleet.cloud.targets.own))[1]
    fleet.look(BACK, Leave(groups=left))
    fleet.delete_targets(old)
    new = fleet.add_targets("after", ("shop", "after"), is_new=False)
    fleet.look(OUT)

    assert (old != new, {fleet.arn, old}) == (True, set(left))
    assert {fleet.arn, new} == fleet.cloud.targets.own


def test_a_call_ends_in_its_time(fleet: Fleet) -> None:
    """The last attempt, too: what comes next is a heartbeat."""
    fleet.endpoint.slow("autoscaling", "DescribeAutoScalingInstances", 3, times=9)

    with pytest.raises(RefusedError, match="timed out"):
        fleet.aws.within(0.5).scaling("DescribeAutoScalingInstances")


def test_a_call_that_hangs_holds_up_no_heartbeat(fleet: Fleet) -> None:
    """The group waits for the one; of the other nobody hears yet."""
    fleet.shrink_to_its_hooks()
    fleet.endpoint.slow("elbv2", "DescribeTargetGroups", 8)
    fleet.cloud.begin()
    fleet.cloud.told(Leave(State.DRAINING), OUT)
    until(lambda: ("elbv2", "DescribeTargetGroups") in fleet.endpoint.calls)
    fleet.cloud.told(Leave(State.DRAINING), BEATS)
    until(lambda: fleet.cloud.beats)

    assert (0, None) == (fleet.cloud.failures, fleet.cloud.targets.off)


@pytest.mark.parametrize("code", ["Throttling", None, "InternalFailure"])
def test_what_aws_does_not_take_is_said_again(fleet: Fleet, code: str | None) -> None:
    """Counted, said once, and right the next time."""
    fleet.shrink_to_its_hooks()
    fleet.endpoint.fail("autoscaling", "CompleteLifecycleAction", code, times=1)
    fleet.look(COMPLETES)
    fleet.look(COMPLETES)

    assert "completed: CONTINUE" == fleet.cloud.completed
    assert "" == fleet.cloud.error


def test_memory_is_published_once_a_minute(fleet: Fleet) -> None:
    """As the group's own metric, which a policy may look at."""
    for _ in range(30):
        fleet.look(Orders(), Leave())
    metrics = fleet.endpoint.client("cloudwatch").list_metrics(Namespace="Slackwater")["Metrics"]

    assert 2 == fleet.endpoint.calls.count(("cloudwatch", "PutMetricData"))
    assert {"memory_used_percent"} == {each["MetricName"] for each in metrics}
    assert [{"Name": "AutoScalingGroupName", "Value": "g"}] == metrics[0]["Dimensions"]


def test_what_waits_is_published_for_each_instance(fleet: Fleet, tmp_path: Path) -> None:
    """Where workers count, and only as long as they do."""
    counted = tmp_path / "waiting.json"
    agent = fleet.agent(counted=counted)
    agent.told(Leave(), BACK)
    agent.look()
    before = fleet.endpoint.client("cloudwatch").list_metrics(MetricName="backlog_per_instance")["Metrics"]
    fleet.clock.seconds += 61
    counted.write_text(json.dumps({"at": fleet.clock(), "queues": {"mail": 9, "images": 3}}))
    agent.look()
    metrics = fleet.endpoint.client("cloudwatch").list_metrics(MetricName="backlog_per_instance")["Metrics"]

    assert [] == before
    assert [[{"Name": "AutoScalingGroupName", "Value": "g"}]] == [each["Dimensions"] for each in metrics]
    assert "" == agent.error
