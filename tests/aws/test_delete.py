"""Delete: all of a group and nothing of others, emptied first so that instances leave by their hooks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from slackwater.aws.apply import apply
from slackwater.aws.delete import delete_notes, plan_delete
from slackwater.aws.group import Group
from slackwater.aws.image import UNSEEN
from slackwater.aws.launch_template import LaunchTemplate
from slackwater.aws.plan import Declared, plan
from slackwater.aws.policies import Policies
from slackwater.aws.schedules import Schedules
from slackwater.aws.target_group import FoundTargetGroup
from slackwater.aws.world import World, observe
from slackwater.errors import CloudError
from slackwater.settings import (
    Image,
    NetworkLoadBalancer,
    Notifications,
    Policy,
    ScalingGroup,
    Schedule,
    TargetGroup,
    WarmPool,
)
from tests.aws.resources import VPC, Lab, checked, declare, names
from tests.aws.resources import lab as start

ATTEMPTS = 400
"""Looks at two launches, 0.05 s apart."""
OURS = {"slackwater:managed": "shop"}
WEB = FoundTargetGroup("web", "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/web/0", tags=OURS)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def world(**changed: Any) -> World:
    """A group of two instances, with its template."""
    group = Group(settings={}, tags=OURS, propagated=frozenset(), target_groups={}, desired=2)
    template = LaunchTemplate(id="lt-0123456789abcdef0", latest=1, data={}, tags=OURS)
    bare = World(image=UNSEEN, launch_template=template, group=group, has_bundle=True)
    return replace(bare, **changed)


def everything(lab: Lab, name: str) -> ScalingGroup:
    (machine,) = lab.client("ec2").run_instances(ImageId=lab.ground.image, MinCount=1, MaxCount=1)["Instances"]
    return lab.declare(
        name=name,
        policies=Policy.defaults(),
        schedules=[Schedule(name="morning", cron="0 7 * * *", minimum=2)],
        target_groups=[TargetGroup(name=f"{name}-web", vpc=lab.ground.vpc)],
        warm_pool=WarmPool(minimum=1),
        notifications=Notifications(topic_arn=lab.ground.topic),
        load_balancer=NetworkLoadBalancer(
            name=f"{name}-nlb",
            vpc=lab.ground.vpc,
            subnets=lab.ground.subnets,
            balancer_instances=[machine["InstanceId"]],
        ),
    )


def left(lab: Lab) -> dict[str, list[str]]:
    """The names of what is there, of any group."""
    elb = lab.client("elbv2")
    return {
        "groups": [
            each["AutoScalingGroupName"]
            for each in lab.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        ],
        "templates": [
            each["LaunchTemplateName"] for each in lab.client("ec2").describe_launch_templates()["LaunchTemplates"]
        ],
        "alarms": sorted(each["AlarmName"] for each in lab.client("cloudwatch").describe_alarms()["MetricAlarms"]),
        "balancers": [each["LoadBalancerName"] for each in elb.describe_load_balancers()["LoadBalancers"]],
        "target groups": sorted(each["TargetGroupName"] for each in elb.describe_target_groups()["TargetGroups"]),
    }


def test_everything_of_a_group_goes_and_a_siblings_stays(lab: Lab) -> None:
    """Over HTTP: `tide-b` begins like `tide`; after the deletion there is nothing left to delete."""
    groups = [everything(lab, name) for name in ("tide", "tide-b")]
    for each in groups:
        lab.run(plan(Declared(each, "#cloud-config\n"), observe(lab.clients, each, None)).calls)
    gone = groups[0]

    lab.run(plan_delete(gone, observe(lab.clients, gone, None)))

    assert [] == plan_delete(gone, observe(lab.clients, gone, None))
    assert {
        "groups": ["tide-b"],
        "templates": ["tide-b"],
        "alarms": ["slackwater-tide-b:cpu-high", "slackwater-tide-b:cpu-low"],
        "balancers": ["tide-b-nlb"],
        "target groups": ["tide-b-nlb-443", "tide-b-nlb-80", "tide-b-web"],
    } == left(lab)
    assert () == plan(Declared(groups[1], "#cloud-config\n"), observe(lab.clients, groups[1], None)).calls


def test_a_deletion_that_breaks_off_goes_on(lab: Lab) -> None:
    """After each kind of call once, carried out but with its answer lost."""
    group = everything(lab, "storm")
    lab.run(plan(Declared(group, "#cloud-config\n"), observe(lab.clients, group, None)).calls)
    lost = [(call.service, camel(call.method)) for call in plan_delete(group, observe(lab.clients, group, None))]
    for service, operation in dict.fromkeys(lost):
        lab.endpoint.fail(service, operation, "AnswerLost", after=True)

    broken = 0
    while calls := plan_delete(group, observe(lab.clients, group, None)):
        assert broken <= len(lost), "it does not come to an end"
        with suppress(CloudError):
            apply(calls, lab.clients, lambda _: None, lambda _: None)
            break
        broken += 1

    assert len(dict.fromkeys(lost)) == broken
    assert [] == [
        name for names in left(lab).values() for name in names if name.startswith(("storm", "slackwater-storm:"))
    ]


def camel(method: str) -> str:
    return "".join(word.capitalize() for word in method.split("_"))


def complete(lab: Lab, group: ScalingGroup, state: str, hook: str) -> set[str]:
    """The instances that wait in that state, and now do so no more."""
    scaling = lab.client("autoscaling")
    found = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group.name])["AutoScalingGroups"]
    waiting = {
        each["InstanceId"] for one in found for each in one["Instances"] if each["LifecycleState"] == f"{state}:Wait"
    }
    for instance in waiting:
        scaling.complete_lifecycle_action(
            AutoScalingGroupName=group.name,
            LifecycleHookName=hook,
            InstanceId=instance,
            LifecycleActionResult="CONTINUE",
        )
    return waiting


def test_every_instance_leaves_by_its_hook() -> None:
    """The deletion waits for each of them; whoever completes the action is the drain agent's stand-in."""
    with start(lifecycle=True) as lab:
        group = lab.declare(desired=2)
        lab.run(plan(Declared(group, "#cloud-config\n"), observe(lab.clients, group, None)).calls)
        launched: set[str] = set()
        for _ in range(ATTEMPTS):
            launched |= complete(lab, group, "Pending", group.hooks.launch.name)
            if len(launched) == 2:
                break
            time.sleep(0.05)
        drained: set[str] = set()

        def wait(_: float) -> None:
            drained.update(complete(lab, group, "Terminating", group.hooks.terminate.name))
            time.sleep(0.05)

        apply(plan_delete(group, observe(lab.clients, group, None)), lab.clients, lambda _: None, wait)

        assert launched == drained
        assert [] == plan_delete(group, observe(lab.clients, group, None))


def test_a_group_is_emptied_before_it_goes() -> None:
    """ForceDelete would skip the hooks: instances would go in the middle of their requests."""
    calls = checked(plan_delete(declare(), world()))

    assert [
        "update_auto_scaling_group: DesiredCapacity 2 -> 0: every instance drains",
        "delete_auto_scaling_group: the group is deleted",
        "delete_launch_template: the group is deleted",
    ] == names(calls)
    assert {"AutoScalingGroupName": "shop", "MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0} == calls[0].arguments
    assert calls[0].wait is not None
    assert ("describe_auto_scaling_groups", "[]", 7200) == (
        calls[0].wait.method,
        calls[0].wait.until,
        calls[0].wait.limit,
    )
    assert "ForceDelete" not in calls[1].arguments


def test_what_would_fill_it_again_goes_first() -> None:
    """Alarms, schedules and the warm pool; and a breaker's word must not keep instances from leaving."""
    full = world(
        policies=Policies({}, {"slackwater-shop:high": {}}),
        schedules=Schedules({"morning": {}}, datetime.now(UTC)),
        warm_pool={"MinSize": 1},
    )
    assert full.group is not None
    full = replace(full, group=replace(full.group, suspended=("Launch", "Terminate")))

    calls = checked(plan_delete(declare(), full))

    assert [
        "delete_alarms",
        "delete_scheduled_action",
        "delete_warm_pool",
        "resume_processes",
        "update_auto_scaling_group",
        "delete_auto_scaling_group",
        "delete_launch_template",
    ] == [call.method for call in calls]
    assert ["Terminate"] == calls[3].arguments["ScalingProcesses"]


def test_force_skips_the_hooks_and_says_so() -> None:
    """For a group that does not empty."""
    (group, _) = checked(plan_delete(declare(), world(), force=True))

    assert {"AutoScalingGroupName": "shop", "ForceDelete": True} == group.arguments
    assert "the group is deleted by force: its instances skip their hooks" == group.reason


@pytest.mark.parametrize(
    ("protection", "force"),
    [("prevent-all-deletion", False), ("prevent-all-deletion", True), ("prevent-force-deletion", True)],
)
def test_a_protected_group_is_refused_before_it_is_emptied(protection: str, force: bool) -> None:
    """AWS refuses only the last call: by then nobody would serve."""
    there = world()
    assert there.group is not None

    with pytest.raises(CloudError, match=rf"protected from deletion \({protection}\), and nothing was changed"):
        plan_delete(declare(), replace(there, group=replace(there.group, protection=protection)), force=force)


def test_protection_from_force_alone_lets_it_empty() -> None:
    """That is what it is for."""
    there = world()
    assert there.group is not None

    assert 3 == len(
        plan_delete(declare(), replace(there, group=replace(there.group, protection="prevent-force-deletion")))
    )


def test_a_warm_pool_that_is_going_is_waited_for() -> None:
    """AWS refuses to delete it once more, and running again would never get further."""
    first, *_ = checked(plan_delete(declare(), world(warm_pool={"MinSize": 1, "Status": "PendingDelete"})))

    assert "describe_warm_pool" == first.method
    assert first.wait is not None


def test_a_warm_pool_is_asked_again_while_it_is_busy() -> None:
    """Its instances are on their way in or out."""
    first, *_ = checked(plan_delete(declare(), world(warm_pool={"MinSize": 1})))

    assert "delete_warm_pool" == first.method
    assert {"ScalingActivityInProgress", "ResourceInUse"} == set(first.again)


def test_a_deletion_needs_no_image(lab: Lab) -> None:
    """The parameter that named it may be gone."""
    group = lab.declare(image=Image.ssm("/images/gone"))

    assert [] == plan_delete(group, observe(lab.clients, group, None, with_image=False))


def test_a_deletion_that_is_under_way_is_waited_for() -> None:
    """Nothing is asked of a group that is going; its template must not go before it."""
    there = world()
    assert there.group is not None

    first, second = checked(plan_delete(declare(), replace(there, group=replace(there.group, is_going=True))))

    assert ("describe_auto_scaling_groups", "it is being deleted already") == (first.method, first.reason)
    assert "delete_launch_template" == second.method


@pytest.mark.parametrize("tags", [{}, {"slackwater:managed": "shop-b"}])
def test_a_group_of_somebody_else_is_refused(tags: dict[str, str]) -> None:
    """Nothing is deleted by its name alone."""
    there = world()
    assert there.group is not None

    with pytest.raises(CloudError, match="slackwater:managed=shop"):
        plan_delete(declare(), replace(there, group=replace(there.group, tags=tags)))


def test_a_template_of_somebody_else_is_refused() -> None:
    """Nor is that."""
    template = LaunchTemplate(id="lt-0123456789abcdef0", latest=1, data={}, tags={})

    with pytest.raises(CloudError, match="launch template shop"):
        plan_delete(declare(), world(launch_template=template))


@pytest.mark.parametrize(
    ("found", "note"),
    [
        (replace(WEB, tags={}), "target group web stays: it has no tag slackwater:managed=shop"),
        (
            replace(WEB, load_balancers=("arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/app/front/1",)),
            "target group web stays: app/front/1 forwards to it; take it out there, then delete again",
        ),
    ],
)
def test_a_target_group_of_others_or_in_use_stays_with_a_note(found: FoundTargetGroup, note: str) -> None:
    """AWS would refuse the one; the other is not ours."""
    group = declare(target_groups=[TargetGroup(name="web", vpc=VPC)])
    there = World(UNSEEN, None, None, has_bundle=True, target_groups={"web": found})

    assert [] == plan_delete(group, there)
    assert [note] == delete_notes(group, there)


def test_a_target_group_that_was_taken_out_of_the_declaration_goes_too() -> None:
    """It is still attached, and its tag says that it is ours."""
    former = "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/former/0"
    there = world()
    assert there.group is not None
    attached = replace(there.group, target_groups={former: "shop", former.replace("former", "foreign"): ""})

    assert (
        "delete_target_group: former: the group is deleted"
        == (names(plan_delete(declare(), replace(there, group=attached)))[-1])
    )


def test_a_former_target_group_that_is_in_use_or_gone_is_not_deleted() -> None:
    """AWS refuses the one, and the other is deleted already."""
    one, two = (WEB.arn.replace("web", name) for name in ("former", "gone"))
    there = world()
    assert there.group is not None
    attached = replace(
        there.group,
        target_groups={one: "shop", two: "shop"},
        forwarded=frozenset({one}),
        gone=frozenset({two}),
    )
    there = replace(there, group=attached)

    assert "delete_launch_template" == plan_delete(declare(), there)[-1].method
    assert ["target group former stays: a load balancer forwards to it; delete it by hand"] == delete_notes(
        declare(), there
    )


def test_nothing_is_left_to_delete_where_nothing_is() -> None:
    """A second run rests."""
    assert [] == plan_delete(declare(), World(UNSEEN, None, None, has_bundle=False))
