"""What broke off is completed by running again: every writing call of a create and of a change, lost or not made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from slackwater.aws.apply import apply
from slackwater.errors import CloudError
from slackwater.settings import (
    Hooks,
    LaunchHook,
    Metric,
    Policy,
    ScalingGroup,
    Schedule,
    TargetGroup,
    TerminateHook,
    Volume,
)
from tests.aws.resources import Lab
from tests.aws.resources import lab as start
from tests.aws.whole import everything, planned, run
from tests.conftest import LONG

CREATE = [
    "create_target_group",
    "modify_target_group_attributes",
    "create_load_balancer",
    "modify_load_balancer_attributes",
    "register_targets",
    "create_listener",
    "create_launch_template",
    "create_auto_scaling_group",
    "put_scaling_policy",
    "put_metric_alarm",
    "put_scheduled_update_group_action",
    "put_warm_pool",
    "put_notification_configuration",
]
CHANGE = [
    "create_target_group",
    "modify_target_group",
    "modify_target_group_attributes",
    "add_tags",
    "create_tags",
    "create_launch_template_version",
    "put_lifecycle_hook",
    "delete_lifecycle_hook",
    "update_auto_scaling_group",
    "create_or_update_tags",
    "attach_load_balancer_target_groups",
    "put_scaling_policy",
    "put_metric_alarm",
    "delete_alarms",
    "delete_policy",
    "put_scheduled_update_group_action",
    "delete_scheduled_action",
    "delete_warm_pool",
    "delete_notification_configuration",
]
KINDS = ["answer lost", "connection cut", "refused", "throttled"] if LONG else ["answer lost"]


class Killed(BaseException):
    """What ends a process in the middle, as far as this process can show it."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def other(lab: Lab, group: ScalingGroup) -> ScalingGroup:
    """Everything that may change, changed."""
    fields: dict[str, Any] = {
        "maximum": 5,
        "tags": {"team": "tide"},
        "volumes": [Volume(gb=25)],
        "target_groups": [
            TargetGroup(name=group.name, vpc=lab.ground.vpc, health_interval=20, deregistration_delay=90),
            TargetGroup(name=f"{group.name}-b", vpc=lab.ground.vpc),
        ],
        "hooks": Hooks(launch=LaunchHook(name="arrive"), terminate=TerminateHook(heartbeat=90)),
        "policies": [Policy.step("cpu-high", Metric.cpu(), above=80, adjustment=2)],
        "schedules": [Schedule(name="evenings", cron="30 17 * * 1-5", minimum=2)],
        "warm_pool": None,
        "notifications": None,
    }
    return ScalingGroup(**{name: getattr(group, name) for name in type(group).model_fields} | fields)


def doubled(lab: Lab, group: ScalingGroup) -> dict[str, int]:
    """How many there are of what a second attempt could double."""
    name, asked = group.name, lab.clients.service
    versions = asked("ec2").describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"]
    (found,) = asked("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    hooks = asked("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName=name)["LifecycleHooks"]
    targets = asked("elbv2").describe_target_groups()["TargetGroups"]
    return {
        "versions": len(versions),
        "instances": len(found["Instances"]),
        "hooks": len(hooks),
        "target groups": len([each for each in targets if each["TargetGroupName"] in (name, f"{name}-edge-80")]),
    }


def fail(lab: Lab, service: str, method: str, kind: str) -> None:
    """`connection cut` is what botocore itself tries again; the others it does not."""
    codes = {"answer lost": "Lost", "connection cut": None, "refused": "AccessDenied", "throttled": "Throttling"}
    lab.endpoint.fail(service, method, codes[kind], after=kind in ("answer lost", "connection cut"))


def test_the_lists_name_every_writing_call(lab: Lab) -> None:
    """A call that a plan makes and no test breaks is red until it is listed."""
    group = everything(lab)
    create = planned(lab, group).calls
    run(lab, group)
    change = planned(lab, other(lab, group)).calls

    assert CREATE == list(dict.fromkeys(call.method for call in create if call.method in CREATE))
    assert set(CREATE) == {call.method for call in create}
    assert set(CHANGE) == {call.method for call in change}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", CREATE)
def test_a_create_that_broke_off_is_completed(lab: Lab, method: str, kind: str) -> None:
    """The second run makes what is missing, the third plan is empty, nothing is there twice."""
    group = everything(lab)
    calls = planned(lab, group).calls
    fail(lab, next(call.service for call in calls if call.method == method), method, kind)
    with suppress(CloudError):
        apply(calls, lab.clients, lambda _: None, lambda _: None)
    run(lab, group)

    assert () == planned(lab, group).calls
    assert {"versions": 1, "instances": 2, "hooks": 2, "target groups": 2} == doubled(lab, group)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", CHANGE)
def test_a_change_that_broke_off_is_completed(lab: Lab, method: str, kind: str) -> None:
    """One new version, whatever was lost on the way."""
    group = everything(lab)
    run(lab, group)
    changed = other(lab, group)
    calls = planned(lab, changed).calls
    fail(lab, next(call.service for call in calls if call.method == method), method, kind)
    with suppress(CloudError):
        apply(calls, lab.clients, lambda _: None, lambda _: None)
    run(lab, changed)

    assert () == planned(lab, changed).calls
    assert {"versions": 2, "instances": 2, "hooks": 2, "target groups": 2} == doubled(lab, changed)


def test_a_write_that_is_refused_in_the_middle_ends_it_until_there_is_a_right(lab: Lab) -> None:
    """Tried once: what was done is told, and the next run does the others only."""
    group = everything(lab)
    calls = planned(lab, group).calls
    fail(lab, "autoscaling", "put_scaling_policy", "refused")
    with pytest.raises(CloudError, match="access was denied") as refused:
        apply(calls, lab.clients, lambda _: None, lambda _: None)
    done = str(refused.value).count("  done: ")
    second = run(lab, group)

    assert "autoscaling put_scaling_policy (new) failed: " in str(refused.value)
    assert len(calls) == done + len(second)
    assert () == planned(lab, group).calls
    assert {"versions": 1, "instances": 2, "hooks": 2, "target groups": 2} == doubled(lab, group)


def test_a_write_that_is_throttled_in_the_middle_is_tried_again_at_once(lab: Lab) -> None:
    """Nobody has to run anything a second time."""
    group = everything(lab)
    calls = planned(lab, group).calls
    fail(lab, "autoscaling", "put_scaling_policy", "throttled")
    before = len(lab.endpoint.calls)
    apply(calls, lab.clients, lambda _: None, lambda _: None)
    asked = lab.endpoint.calls[before:].count(("autoscaling", "PutScalingPolicy"))

    assert asked == 1 + [call.method for call in calls].count("put_scaling_policy")
    assert () == planned(lab, group).calls
    assert {"versions": 1, "instances": 2, "hooks": 2, "target groups": 2} == doubled(lab, group)


def test_a_process_that_was_killed_between_two_calls_is_taken_up(lab: Lab) -> None:
    """At the places of a create, with --long at each: what is there stays, what is missing comes."""
    places = len(planned(lab, everything(lab)).calls)
    left = []
    for place in range(0, places, 1 if LONG else 6):
        group = everything(lab)

        def die(text: str, end: str = f"{place + 1}/") -> None:
            if text.startswith(end):
                raise Killed

        with suppress(Killed):
            apply(planned(lab, group).calls, lab.clients, die, lambda _: None)
        run(lab, group)
        left += planned(lab, group).calls

    assert [] == left
