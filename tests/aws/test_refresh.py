"""A refresh in the lab's cloud: begun, met, followed, and on failure brought back for good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from slackwater.aws.group import Group, Member
from slackwater.aws.launch_template import LaunchTemplate
from slackwater.aws.refresh import plan
from slackwater.aws.refresh.found import by_version
from slackwater.aws.refresh.plan import Found, Options
from slackwater.aws.refresh.progress import Progress
from slackwater.aws.refresh.refreshing import End, Refreshing
from slackwater.errors import CloudError
from slackwater.settings import Maintenance, Policy, ScalingGroup, Schedule, Spot
from tests.aws import whole
from tests.aws.resources import Lab, checked
from tests.aws.resources import lab as start

NEW = "#cloud-config\n# another\n"
ONE_LESS = Maintenance(minimum_healthy=80, maximum_healthy=100)
"""Old instances go before new ones come."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


@dataclass
class Operator:
    """Somebody at a terminal. `meanwhile` happens between two looks, told which pause it is."""

    lab: Lab
    group: ScalingGroup
    meanwhile: Callable[[int], None] = lambda _: None
    said: list[tuple[str, str]] = field(default_factory=list)
    pauses: int = 0

    def refreshing(self) -> Refreshing:
        progress = Progress(lambda who, what: self.said.append((who, what)))
        return Refreshing(self.group, self.lab.clients, progress, every=0, sleep=self._sleep)

    def run(self, options: Options | None = None, user_data: str = NEW) -> End:
        planned = whole.planned(self.lab, self.group, user_data=user_data).calls
        return self.refreshing().run(options or Options(), planned)

    def heard(self, text: str) -> bool:
        return any(text in what for _, what in self.said)

    def _sleep(self, _: float) -> None:
        self.pauses += 1
        assert self.pauses < 200, self.said[-5:]
        self.meanwhile(self.pauses)


def changed(lab: Lab, **told: Any) -> ScalingGroup:
    """A group whose two instances are of version 1; version 2 has been applied."""
    group = lab.declare(**told)
    whole.run(lab, group)
    whole.run(lab, group, user_data=NEW)
    return group


def described(lab: Lab, group: ScalingGroup) -> Any:
    asked = {"AutoScalingGroupNames": [group.name]}
    return lab.client("autoscaling").describe_auto_scaling_groups(**asked)["AutoScalingGroups"][0]


def versions(lab: Lab, group: ScalingGroup) -> tuple[str, list[str]]:
    """Of the group, and of its instances."""
    found = described(lab, group)
    mixed = found.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("LaunchTemplateSpecification")
    own = mixed or found["LaunchTemplate"]
    return own["Version"], [one["LaunchTemplate"]["Version"] for one in found["Instances"]]


def newest(lab: Lab, group: ScalingGroup) -> Any:
    asked = {"AutoScalingGroupName": group.name}
    return lab.client("autoscaling").describe_instance_refreshes(**asked)["InstanceRefreshes"][0]


def sicken(lab: Lab, group: ScalingGroup, version: str = "2") -> None:
    lab.endpoint.cloud.never_healthy(f"{group.template_name}:{version}")


@pytest.mark.parametrize(
    "told",
    [{}, {"instance_types": ["t3.micro", "t3.small"], "spot": Spot()}, {"maintenance": None}],
    ids=["one type", "mixed", "no maintenance"],
)
def test_every_instance_is_replaced(lab: Lab, told: dict[str, Any]) -> None:
    """The group names the new version at the end, and nothing is left to plan."""
    group = changed(lab, **told)
    operator = Operator(lab, group)
    end = operator.run()

    assert (End.DONE, ("2", ["2", "2"])) == (end, versions(lab, group))
    assert () == whole.planned(lab, group, user_data=NEW).calls
    assert 4 == len({who for who, _ in operator.said if who})
    assert operator.heard("Successful 100 %")
    assert operator.heard("version 1: gone")


def test_a_checkpoint_is_waited_at_and_passed(lab: Lab) -> None:
    """AWS ends a refresh at its last checkpoint: the rest is replaced all the same."""
    group = changed(lab, desired=4)
    operator = Operator(lab, group)

    assert End.DONE == operator.run(Options(checkpoints=(50,), checkpoint_delay=0))
    assert ("2", ["2"] * 4) == versions(lab, group)
    assert operator.heard("Waiting for checkpoint delay at 50%")


def test_what_aws_is_asked_is_what_was_declared(lab: Lab) -> None:
    """By number, with the maintenance's percentages, checkpoints up to the end, alarms, and the way back."""
    group = changed(lab, maintenance=Maintenance(minimum_healthy=90, maximum_healthy=120), warm_up=45)
    options = Options(checkpoints=(50, 20), checkpoint_delay=60, alarms=("errors",), bake=120)
    back, begun = checked(plan.begin(group, Operator(lab, group).refreshing().found(), options))
    wanted = {
        "MinHealthyPercentage": 90,
        "MaxHealthyPercentage": 120,
        "InstanceWarmup": 45,
        "AutoRollback": True,
        "SkipMatching": True,
        "CheckpointPercentages": [20, 50, 100],
        "CheckpointDelay": 60,
        "AlarmSpecification": {"Alarms": ["errors"]},
        "BakeTime": 120,
    }

    assert wanted == begun.arguments["Preferences"]
    assert "2" == begun.arguments["DesiredConfiguration"]["LaunchTemplate"]["Version"]
    assert "launch template version 2 -> 1, so that AWS itself can go back to it" == back.reason
    assert "version 1 -> 2" == begun.reason


def test_when_it_fails_everything_is_as_before(lab: Lab) -> None:
    """Instances of the new version never become healthy: those that were replaced come back as the old version."""
    group = changed(lab)
    sicken(lab, group)
    operator = Operator(lab, group)
    end = operator.run()

    assert (End.BACK, ("1", ["1", "1"])) == (end, versions(lab, group))
    assert "RollbackSuccessful" == newest(lab, group)["Status"]
    assert operator.heard("Instances did not become healthy")
    assert operator.heard("back: 2 of version 1, and the group names version 1")


def unhealthy_both(lab: Lab) -> ScalingGroup:
    """AWS gives up going back as well, for the old version does not become healthy either."""
    group = changed(lab, desired=5, maintenance=ONE_LESS)
    sicken(lab, group, "1")
    sicken(lab, group, "2")
    return group


def test_when_aws_cannot_go_back_a_second_refresh_does(lab: Lab) -> None:
    """To the version before, by its number; it is waited for, and the group names it."""
    group = unhealthy_both(lab)
    operator = Operator(lab, group)
    end = operator.run()

    assert operator.heard("RollbackFailed: going back to version 1")
    assert (End.BACK, ("1", ["1"] * 5)) == (end, versions(lab, group))
    assert "Successful" == newest(lab, group)["Status"]
    assert "1" == newest(lab, group)["DesiredConfiguration"]["LaunchTemplate"]["Version"]


def test_when_the_way_back_fails_too_somebody_is_told(lab: Lab) -> None:
    """No success word, and the exit status says that a person is needed."""
    group = unhealthy_both(lab)
    operator = Operator(lab, group)

    def refuse(_: int) -> None:
        if operator.heard("RollbackInProgress") and not refused:
            refused.append(True)
            lab.endpoint.fail("autoscaling", "StartInstanceRefresh", "AccessDenied")

    refused: list[bool] = []
    operator.meanwhile = refuse

    assert End.MIXED == operator.run()
    assert operator.heard("autoscaling start_instance_refresh: access was denied")
    assert not operator.heard("back: ")


def test_an_alarm_brings_it_back(lab: Lab) -> None:
    """One that rings while instances are replaced."""
    group = changed(lab)
    about = {"AlarmName": f"{group.name}-errors", "MetricName": "errors", "Namespace": "shop", "Statistic": "Sum"}
    limits = {"Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
    lab.client("cloudwatch").put_metric_alarm(**about, **limits)

    def ring(pause: int) -> None:
        if pause == 2:
            alarm = {"AlarmName": about["AlarmName"], "StateValue": "ALARM", "StateReason": "of the test"}
            lab.client("cloudwatch").set_alarm_state(**alarm)

    operator = Operator(lab, group, ring)

    assert End.BACK == operator.run(Options(alarms=(about["AlarmName"],)))
    assert ("1", ["1", "1"]) == versions(lab, group)
    assert operator.heard(f"CloudWatch alarm {about['AlarmName']} is in ALARM state")


def interrupted(lab: Lab, group: ScalingGroup) -> None:
    """A command that is killed after its first look."""

    def end(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Operator(lab, group, end).run()


def test_a_killed_command_that_runs_again_goes_on(lab: Lab) -> None:
    """The refresh has gone on meanwhile; no second one is begun."""
    group = changed(lab)
    interrupted(lab, group)
    operator = Operator(lab, group)
    end = operator.run()

    assert (End.DONE, ("2", ["2", "2"])) == (end, versions(lab, group))
    assert operator.heard("is followed")


def test_a_killed_command_still_knows_the_way_back(lab: Lab) -> None:
    """What the group named before the refresh is what AWS goes back to."""
    group = changed(lab)
    sicken(lab, group)
    interrupted(lab, group)

    assert (End.BACK, ("1", ["1", "1"])) == (Operator(lab, group).run(), versions(lab, group))


def test_killed_between_its_two_calls_it_begins_again(lab: Lab) -> None:
    """The group names the previous version already: that alone is no reason to refuse."""
    group = changed(lab)
    lab.endpoint.fail("autoscaling", "StartInstanceRefresh", "AccessDenied")
    with pytest.raises(CloudError, match="access was denied"):
        Operator(lab, group).run()
    half = versions(lab, group)

    assert ("1", ["1", "1"]) == half
    assert (End.DONE, ("2", ["2", "2"])) == (Operator(lab, group).run(), versions(lab, group))


def test_a_second_operator_follows_the_first(lab: Lab) -> None:
    """Both are told how it ends, and there is one refresh."""
    group = changed(lab)
    second = Operator(lab, group)
    ends: list[End] = []
    first = Operator(lab, group, lambda pause: ends.append(second.run()) if pause == 1 else None)
    ends.append(first.run())
    refreshes = lab.client("autoscaling").describe_instance_refreshes(AutoScalingGroupName=group.name)

    assert [End.DONE, End.DONE] == ends
    assert 1 == len(refreshes["InstanceRefreshes"])


def test_another_refresh_is_refused_by_name(lab: Lab) -> None:
    """One to another version, or to none, is somebody else's."""
    group = changed(lab)
    lab.client("autoscaling").start_instance_refresh(AutoScalingGroupName=group.name)

    with pytest.raises(
        CloudError, match=r"another refresh is going on .* to no named version, (Pending|InProgress) 0 %"
    ):
        Operator(lab, group).run()


def test_a_rollback_to_the_failed_version_is_none(lab: Lab) -> None:
    """Somebody began it while the group named the new version: AWS goes back to that, and so a refresh follows."""
    group = changed(lab, desired=5, maintenance=ONE_LESS)
    sicken(lab, group)
    template = {"LaunchTemplateName": group.template_name, "Version": "2"}
    lab.client("autoscaling").start_instance_refresh(
        AutoScalingGroupName=group.name,
        DesiredConfiguration={"LaunchTemplate": template},
        Preferences={"AutoRollback": True, "SkipMatching": True},
    )
    operator = Operator(lab, group)

    def heal(_: int) -> None:
        if operator.heard("of version 2"):
            lab.endpoint.cloud.healthy_again(f"{group.template_name}:2")

    operator.meanwhile = heal
    end = operator.run()

    assert operator.heard("RollbackSuccessful: going back to version 1")
    assert (End.BACK, ("1", ["1"] * 5)) == (end, versions(lab, group))


@pytest.mark.parametrize("after", [False, True], ids=["not carried out", "answer lost"])
def test_a_start_that_fails_once_is_made_once(lab: Lab, after: bool) -> None:
    """botocore asks again; where the first was carried out, AWS says that one is going on, and it is ours."""
    group = changed(lab)
    lab.endpoint.fail("autoscaling", "StartInstanceRefresh", "InternalFailure", after=after, status=500)

    assert End.DONE == Operator(lab, group).run()
    assert ("2", ["2", "2"]) == versions(lab, group)


def test_a_look_that_fails_ends_nothing(lab: Lab) -> None:
    """Throttled, or with credentials that are renewed meanwhile."""
    group = changed(lab)
    fail = lab.endpoint.fail

    def trouble(pause: int) -> None:
        if pause == 1:
            fail("autoscaling", "DescribeInstanceRefreshes", "Throttling")
            fail("autoscaling", "DescribeAutoScalingGroups", "ExpiredToken")

    operator = Operator(lab, group, trouble)

    assert End.DONE == operator.run()
    assert operator.heard("AWS does not answer; the refresh goes on")


def test_cancel_brings_every_instance_back(lab: Lab) -> None:
    """While it is under way, by AWS's own rollback."""
    group = changed(lab)
    interrupted(lab, group)
    end = Operator(lab, group).refreshing().go_back()

    assert (End.BACK, ("1", ["1", "1"])) == (end, versions(lab, group))
    assert "RollbackSuccessful" == newest(lab, group)["Status"]


def test_cancel_of_one_that_aws_cannot_roll_back(lab: Lab) -> None:
    """Somebody began it without naming a version: it goes to the group's, and what ran before comes by a refresh."""
    group = changed(lab)
    lab.client("autoscaling").start_instance_refresh(AutoScalingGroupName=group.name)
    operator = Operator(lab, group)
    end = operator.refreshing().go_back()

    assert (End.BACK, ("1", ["1", "1"])) == (end, versions(lab, group))
    assert operator.heard("Cancelled: going back to version 1")


def test_cancel_without_a_version_before_says_so(lab: Lab) -> None:
    """All were of the version that it goes to: nothing is rolled forward under the name of a way back."""
    group = lab.declare()
    whole.run(lab, group)
    lab.client("autoscaling").start_instance_refresh(AutoScalingGroupName=group.name)
    operator = Operator(lab, group)

    assert End.MIXED == operator.refreshing().go_back()
    assert operator.heard("there is no other version to go back to")
    assert "Cancelled" == newest(lab, group)["Status"]


def test_cancel_without_a_refresh_is_refused(lab: Lab) -> None:
    """It says of which versions the instances are."""
    group = changed(lab)

    with pytest.raises(CloudError, match="no refresh is going on; 2 of version 1"):
        Operator(lab, group).refreshing().go_back()


def test_who_cancels_elsewhere_is_believed(lab: Lab) -> None:
    """A person did it in AWS's own console: nothing is undone, and the mixture is said."""
    group = changed(lab)

    def cancel(pause: int) -> None:
        if pause == 2:
            lab.client("autoscaling").cancel_instance_refresh(AutoScalingGroupName=group.name)

    operator = Operator(lab, group, cancel)

    assert End.MIXED == operator.run()
    assert operator.heard("somebody has cancelled it")


def test_what_is_not_applied_is_refused(lab: Lab) -> None:
    """Instances would be replaced by others than the declared ones."""
    group = changed(lab)

    with pytest.raises(CloudError, match=r"create_launch_template_version: UserData.*`slackwater apply` first"):
        Operator(lab, group).run(user_data="#cloud-config\n# a third\n")
    with pytest.raises(CloudError, match="MaxSize 10 -> 4"):
        Operator(lab, group.model_copy(update={"maximum": 4})).run()


def test_without_its_hooks_it_is_refused(lab: Lab) -> None:
    """New instances would be in service before they serve, and old ones go in the middle of their requests."""
    group = changed(lab)
    hook = {"AutoScalingGroupName": group.name, "LifecycleHookName": group.hooks.terminate.name}
    lab.client("autoscaling").delete_lifecycle_hook(**hook)

    with pytest.raises(CloudError, match=r"put_lifecycle_hook: new.*`slackwater apply` first"):
        Operator(lab, group).run()


def test_a_policy_that_is_missing_is_no_reason_to_refuse(lab: Lab) -> None:
    """Nor are tags, alarms, schedules and notifications: instances come and go without them."""
    group = changed(lab)
    more = group.model_copy(
        update={
            "policies": tuple(Policy.defaults()),
            "schedules": (Schedule(name="dawn", cron="0 5 * * *", desired=2),),
        }
    )

    assert End.DONE == Operator(lab, more).run()


def test_sizes_that_a_schedule_holds_are_as_declared(lab: Lab) -> None:
    """At night no refresh would be possible."""
    group = changed(lab, schedules=[Schedule(name="night", cron="0 20 * * *", maximum=4)])
    lab.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName=group.name, MaxSize=4)

    assert End.DONE == Operator(lab, group).run()


def found(*members: Member, version: str = "2") -> Found:
    """A group that names that version of two."""
    settings = {"LaunchTemplate": {"LaunchTemplateId": "lt-1", "Version": version}}
    group = Group(settings=settings, tags={}, propagated=frozenset(), target_groups={}, members=members)
    return Found(group, LaunchTemplate(id="lt-1", latest=2, data={}, tags={}))


@pytest.mark.parametrize("state", ["Terminating:Retained", "Terminating:Wait", "Terminated", "Detaching", "Detached"])
def test_who_leaves_is_not_counted(state: str) -> None:
    """One kept after a drain that was given up stays for days: it is neither to be replaced nor gone back to."""
    leaving = [Member("i-1", state, "7"), Member("i-2", state, "7")]
    current = found(*leaving, Member("i-3", "InService", "2"))
    begun = found(*leaving, Member("i-3", "InService", "1"))

    assert current.is_current
    assert None is current.previous
    assert "1" == begun.previous
    assert "1 of version 1" == by_version(begun.group.members)


def test_while_launches_are_suspended_it_is_refused(lab: Lab) -> None:
    """It would stand still for an hour, and then fail."""
    group = changed(lab)
    lab.client("autoscaling").suspend_processes(AutoScalingGroupName=group.name, ScalingProcesses=["Launch"])

    with pytest.raises(CloudError, match="Launch is suspended"):
        Operator(lab, group).run()


def test_when_all_is_current_nothing_is_begun(lab: Lab) -> None:
    """Unless all are to be replaced whatever they are."""
    group = lab.declare()
    whole.run(lab, group, user_data=NEW)
    before = {one["InstanceId"] for one in described(lab, group)["Instances"]}
    idle = Operator(lab, group)
    end = idle.run()
    between = {one["InstanceId"] for one in described(lab, group)["Instances"]}
    again = Operator(lab, group).run(Options(replace_all=True))
    after = {one["InstanceId"] for one in described(lab, group)["Instances"]}

    assert (End.DONE, End.DONE) == (end, again)
    assert idle.heard("nothing to replace")
    assert before == between
    assert set() == before & after


def test_a_plan_meanwhile_leaves_the_version_alone(lab: Lab) -> None:
    """An apply would point the group at the new version, and AWS could not go back any more; a note says so."""
    group = changed(lab)
    interrupted(lab, group)
    wider = group.model_copy(update={"maximum": 6})
    meanwhile = whole.planned(lab, wider, user_data=NEW)
    whole.run(lab, wider, user_data=NEW)
    kept = versions(lab, group)[0]
    Operator(lab, wider).run()

    assert ["update_auto_scaling_group: MaxSize 10 -> 6"] == whole.told(meanwhile.calls)
    assert any("to version 2" in note and "stays at launch template version 1" in note for note in meanwhile.notes)
    assert ("1", "2") == (kept, versions(lab, group)[0])
    assert () == whole.planned(lab, wider, user_data=NEW).notes


def test_how_far_it_is_makes_no_saved_plan_stale(lab: Lab) -> None:
    """Its end does: the version then counts again."""
    group = changed(lab)
    interrupted(lab, group)
    first = whole.world(lab, group)
    further = whole.world(lab, group)
    Operator(lab, group).run()

    assert first.refresh
    assert [] == further.differences(first.fingerprints())
    assert "refresh" in whole.world(lab, group).differences(first.fingerprints())


def test_a_plan_asks_for_refreshes_only_where_versions_differ(lab: Lab) -> None:
    """A plan without changes asks no more than before."""
    group = lab.declare()
    whole.run(lab, group)
    before = len(lab.endpoint.calls)
    whole.planned(lab, group)
    resting = lab.endpoint.calls[before:]
    whole.run(lab, group, user_data=NEW)
    after = len(lab.endpoint.calls)
    whole.planned(lab, group, user_data=NEW)
    asked = ("autoscaling", "DescribeInstanceRefreshes")

    assert asked not in resting
    assert 1 == lab.endpoint.calls[after:].count(asked)
