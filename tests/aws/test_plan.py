"""The whole plan: made once, nothing afterwards; one named call for a change; what is others' stays."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slackwater.agents.breaker.mark import OWNER, REASON
from slackwater.aws.apply import apply
from slackwater.aws.bundle_object import BundleObject
from slackwater.aws.hooks import TERMINATING, plan_hooks, wanted_hooks
from slackwater.aws.image import FoundImage
from slackwater.aws.launch_template import LaunchTemplate, plan_launch_template, wanted_launch_template
from slackwater.aws.plan import Declared, plan
from slackwater.aws.tags import own_tags
from slackwater.errors import CloudError
from slackwater.settings import (
    Breaker,
    GroupHealth,
    Hooks,
    Image,
    LaunchHook,
    Maintenance,
    Metric,
    Notifications,
    Policy,
    ScalingGroup,
    Schedule,
    Spot,
    TargetGroup,
    TerminateHook,
    Volume,
    WarmPool,
)
from tests.aws.resources import Lab, declare
from tests.aws.resources import lab as start
from tests.aws.whole import USER_DATA, everything, planned, run, told, world
from tests.conftest import LONG

DEFAULT_CALLS, ALL_CALLS = 13, 25
"""As docs/decisions/0019 says: what a plan without changes asks for a group as most have it, and for one of all.

Both with a bundle, which each real plan has, and with an image that a parameter names.
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def changed(group: ScalingGroup, **fields: Any) -> ScalingGroup:
    return ScalingGroup(**{name: getattr(group, name) for name in type(group).model_fields} | fields)


def test_a_group_is_made_in_order_and_the_second_plan_is_empty(lab: Lab) -> None:
    """Template, then the group with its hooks, then what belongs to it."""
    group = lab.declare(policies=[Policy.step("cpu-high", Metric.cpu(), above=70, adjustment=1)])

    assert [
        "create_launch_template: new",
        "create_auto_scaling_group: new",
        "put_scaling_policy: new",
        "put_metric_alarm: new",
    ] == run(lab, group)
    assert ((), ()) == (planned(lab, group).calls, planned(lab, group).notes)


@pytest.fixture
def bundle(lab: Lab, tmp_path: Path) -> BundleObject:
    path = tmp_path / "bundle.tar.gz"
    path.write_bytes(b"a bundle")
    return BundleObject(lab.ground.bucket, "fleet/counted.tar.gz", path, hashlib.sha256(b"a bundle").hexdigest())


@pytest.fixture
def image(lab: Lab) -> Image:
    lab.client("ssm").put_parameter(Name="/images/counted", Value=lab.ground.image, Type="String", Overwrite=True)
    return Image.ssm("/images/counted")


def test_everything_at_once_converges_and_rests(lab: Lab, bundle: BundleObject, image: Image) -> None:
    """One of all that there is; a plan without changes asks little."""
    group = everything(lab, image=image)
    run(lab, group, bundle=bundle)
    before = len(lab.endpoint.calls)

    assert [] == told(planned(lab, group, bundle=bundle).calls)

    asked = lab.endpoint.calls[before:]
    assert ALL_CALLS == len(asked)
    assert [] == [operation for _, operation in asked if not operation.startswith(("Describe", "Get", "Head"))]


def test_a_plan_without_changes_asks_few_questions(lab: Lab, bundle: BundleObject, image: Image) -> None:
    """A group with the default policies, as most have."""
    group = lab.declare(policies=Policy.defaults(), image=image)
    run(lab, group, bundle=bundle)
    before = len(lab.endpoint.calls)
    rested = planned(lab, group, bundle=bundle)
    asked = lab.endpoint.calls[before:]

    assert () == rested.calls
    assert DEFAULT_CALLS == len(asked)
    assert {("s3", "HeadObject"), ("ssm", "GetParameter")} <= set(asked)


def test_an_instance_cannot_be_asked_for_its_credentials_without_a_token(lab: Lab) -> None:
    """A request forged through the app would read them; a hop more would let a container of the host do it."""
    (template, _) = planned(lab, lab.declare()).calls

    assert {
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 1,
        "HttpEndpoint": "enabled",
    } == template.arguments["LaunchTemplateData"]["MetadataOptions"]


def test_disks_are_encrypted_and_go_with_their_instance(lab: Lab) -> None:
    """Each of them: one that stayed would cost for ever, and hold what the app had written there."""
    volumes = [Volume(gb=20), Volume(device="/dev/xvdb", gb=30, iops=4000, throughput=250)]
    (template, _) = planned(lab, lab.declare(volumes=volumes)).calls
    common = {"VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}

    assert [
        {"DeviceName": "/dev/xvda", "Ebs": {**common, "VolumeSize": 20}},
        {"DeviceName": "/dev/xvdb", "Ebs": {**common, "VolumeSize": 30, "Iops": 4000, "Throughput": 250}},
    ] == template.arguments["LaunchTemplateData"]["BlockDeviceMappings"]


def test_who_falls_silent_at_launch_is_replaced_and_at_termination_let_go(lab: Lab) -> None:
    """No instance boots before its hooks; with CONTINUE at launch one that provisioned nothing would be in service."""
    (_, create) = planned(lab, lab.declare()).calls

    assert [
        {
            "LifecycleHookName": "slackwater-launch",
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
            "HeartbeatTimeout": 300,
            "DefaultResult": "ABANDON",
        },
        {
            "LifecycleHookName": "slackwater-terminate",
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "HeartbeatTimeout": 60,
            "DefaultResult": "CONTINUE",
        },
    ] == create.arguments["LifecycleHookSpecificationList"]


FIELDS: dict[str, tuple[Any, list[str]]] = {
    "minimum": (1, ["update_auto_scaling_group: MinSize 2 -> 1"]),
    "maximum": (4, ["update_auto_scaling_group: MaxSize 10 -> 4"]),
    "desired": (3, []),
    "groups": (("app", "worker"), ["create_or_update_tags: tag slackwater:groups app -> app worker"]),
    "instance_types": (
        ("t3.small",),
        [
            "create_launch_template_version: InstanceType t3.micro -> t3.small",
            "update_auto_scaling_group: LaunchTemplate.Version 1 -> new",
        ],
    ),
    "health": (
        GroupHealth(kind="ELB"),
        ["update_auto_scaling_group: HealthCheckType EC2 -> ELB"],
    ),
    "warm_up": (60, ["update_auto_scaling_group: DefaultInstanceWarmup 120 -> 60"]),
    "maintenance": (
        Maintenance(minimum_healthy=90),
        ["update_auto_scaling_group: InstanceMaintenancePolicy.MinHealthyPercentage 100 -> 90"],
    ),
    "max_lifetime": (86400, ["update_auto_scaling_group: MaxInstanceLifetime 0 -> 86400"]),
    "capacity_rebalance": (False, ["update_auto_scaling_group: CapacityRebalance True -> False"]),
    "termination_policies": (
        ("OldestInstance",),
        ["update_auto_scaling_group: TerminationPolicies [OldestLaunchTemplate, Default] -> [OldestInstance]"],
    ),
    "retain_abandoned": (
        True,
        [
            "update_auto_scaling_group: InstanceLifecyclePolicy.RetentionTriggers.TerminateHookAbandon "
            "terminate -> retain"
        ],
    ),
    "hooks": (
        Hooks(terminate=TerminateHook(heartbeat=90)),
        ["put_lifecycle_hook: HeartbeatTimeout 60 -> 90"],
    ),
    "tags": (
        {"team": "shop"},
        [
            "create_tags: tag.team none -> shop",
            "create_launch_template_version: TagSpecifications.volume.team none -> shop",
            "update_auto_scaling_group: LaunchTemplate.Version 1 -> new",
            "create_or_update_tags: tag team none -> shop",
        ],
    ),
    "policies": ((), ["delete_alarms: no longer declared", "delete_policy: no longer declared"]),
    "schedules": (
        (Schedule(name="mornings", cron="30 7 * * 1-5", minimum=3),),
        ["put_scheduled_update_group_action: new"],
    ),
    "warm_pool": (WarmPool(minimum=0), ["put_warm_pool: new"]),
    "breaker": (None, []),
    "wheels": (True, []),
    "connections": (None, []),
    "endpoint": (None, []),
}
IN_THE_TEMPLATE: dict[str, tuple[Any, str]] = {
    "key_pair": ("lab", "KeyName none -> lab"),
    "hop_limit": (2, "MetadataOptions.HttpPutResponseHopLimit 1 -> 2"),
    "detailed_monitoring": (False, "Monitoring.Enabled True -> False"),
    "volumes": ((Volume(gb=40),), "disk /dev/xvda.VolumeSize 20 -> 40"),
    "instance_profile": ("other", "IamInstanceProfile.Name lab -> other"),
    "security_groups": (("sg-0123456789abcdef1",), ""),
}
ELSEWHERE = {
    "image",
    "name",
    "region",
    "launch_template",
    "subnets",
    "spot",
    "target_groups",
    "load_balancer",
    "notifications",
}


def test_every_field_has_its_row() -> None:
    """A field of the declaration that no plan looks at is red until it has one."""
    assert set(ScalingGroup.model_fields) == {*FIELDS, *IN_THE_TEMPLATE, *ELSEWHERE}


@pytest.fixture(scope="module")
def made(lab: Lab) -> ScalingGroup:
    group = lab.declare(policies=[Policy.step("cpu-high", Metric.cpu(), above=70, adjustment=1)])
    run(lab, group)
    return group


@pytest.mark.parametrize("field", FIELDS)
def test_a_change_of_one_field_is_one_named_change(lab: Lab, made: ScalingGroup, field: str) -> None:
    """Nothing else is touched, and the reason says what it was."""
    value, wanted = FIELDS[field]

    assert wanted == told(planned(lab, changed(made, **{field: value})).calls)


@pytest.mark.parametrize("field", IN_THE_TEMPLATE)
def test_a_change_of_what_an_instance_is_made_of_is_one_new_version(lab: Lab, made: ScalingGroup, field: str) -> None:
    """And the group is held at its number."""
    value, reason = IN_THE_TEMPLATE[field]
    version, update = told(planned(lab, changed(made, **{field: value})).calls)

    assert version.startswith(f"create_launch_template_version: {reason}")
    assert "update_auto_scaling_group: LaunchTemplate.Version 1 -> new" == update


def test_other_subnets_are_one_call_and_their_order_says_nothing(lab: Lab, made: ScalingGroup) -> None:
    """AWS gives them back in any."""
    turned = changed(made, subnets=tuple(reversed(made.subnets)))
    fewer = changed(made, subnets=made.subnets[:1])
    (call,) = planned(lab, fewer).calls

    assert () == planned(lab, turned).calls
    assert {"AutoScalingGroupName": made.name, "VPCZoneIdentifier": made.subnets[0]} == call.arguments


def test_spot_makes_a_mixed_group_and_goes_again(lab: Lab) -> None:
    """There and back, each in one call to the group."""
    group = lab.declare()
    run(lab, group)
    mixed = changed(group, spot=Spot(share=80, base=1), instance_types=("t3.micro", "t3.small"))

    (update,) = run(lab, mixed)
    assert update.startswith("update_auto_scaling_group: MixedInstancesPolicy none -> ")
    assert () == planned(lab, mixed).calls

    (back,) = run(lab, group)
    assert back.startswith("update_auto_scaling_group: LaunchTemplate none -> ")
    assert () == planned(lab, group).calls


def test_other_user_data_is_a_new_version_by_its_number(lab: Lab, made: ScalingGroup) -> None:
    """Compared as the instance sees it; the reason shows hashes, not the text."""
    (version, _) = planned(lab, made, user_data="#cloud-config\npassword: hunter2\n").calls

    assert version.reason.startswith("UserData ")
    assert "hunter2" not in version.reason


def test_another_machines_compression_is_no_new_version(lab: Lab, made: ScalingGroup) -> None:
    """Two operators whose zlib differs would replace each other's template for ever."""
    ec2 = lab.client("ec2")
    found = ec2.describe_launch_template_versions(LaunchTemplateName=made.template_name, Versions=["$Latest"])
    data = found["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    text = gzip.decompress(base64.b64decode(data["UserData"]))
    data["UserData"] = base64.b64encode(gzip.compress(text, 1, mtime=4711)).decode()
    ec2.create_launch_template_version(LaunchTemplateName=made.template_name, LaunchTemplateData=data)

    assert "create_launch_template_version" not in {call.method for call in planned(lab, made).calls}


def test_what_no_declaration_has_is_no_part_of_a_template(lab: Lab) -> None:
    """Somebody made a version by hand from ours: its spot market, or its network, would be every new instance's."""
    group = lab.declare()
    run(lab, group)
    ec2 = lab.client("ec2")
    market, network = {"MarketType": "spot"}, [{"DeviceIndex": 0, "AssociatePublicIpAddress": True}]
    foreign = {"InstanceMarketOptions": market, "NetworkInterfaces": network}
    where = {"LaunchTemplateName": group.template_name, "SourceVersion": "1"}
    ec2.create_launch_template_version(**where, LaunchTemplateData=foreign)

    assert [
        "create_launch_template_version: "
        "NetworkInterfaces [{AssociatePublicIpAddress: True, DeviceIndex: 0}] -> none; "
        "InstanceMarketOptions {MarketType: spot} -> none",
        "update_auto_scaling_group: LaunchTemplate.Version 1 -> new",
    ] == run(lab, group)
    found = ec2.describe_launch_template_versions(LaunchTemplateName=group.template_name, Versions=["$Latest"])
    assert set() == set(foreign) & set(found["LaunchTemplateVersions"][0]["LaunchTemplateData"])
    assert () == planned(lab, group).calls


def test_a_setting_that_aws_shows_as_empty_is_none() -> None:
    """Nobody gave it; a version that took it away would show it again, and each apply would make one more."""
    group = declare()
    image = FoundImage("ami-0123456789abcdef0", "/dev/xvda", "x86_64")
    data = wanted_launch_template(group, image, USER_DATA)
    added = {"EbsOptimized": False, "NetworkInterfaces": [], "ElasticGpuSpecifications": [], "KernelId": ""}
    shown = {**data, **added, "MetadataOptions": {**data["MetadataOptions"], "State": "applied"}}
    calls, version = plan_launch_template(group, LaunchTemplate("lt-0", 3, shown, own_tags(group)), image, USER_DATA)

    assert ([], "3") == (calls, version)


def test_a_parameters_image_is_looked_up_when_the_plan_is_made(lab: Lab) -> None:
    """The template holds an id: AWS refuses to roll a group back that names the parameter."""
    ssm = lab.client("ssm")
    ssm.put_parameter(Name="/images/app", Value=lab.ground.image, Type="String")
    group = lab.declare(image=Image.ssm("/images/app"))
    run(lab, group)
    resting = planned(lab, group).calls
    other = lab.client("ec2").register_image(Name="other", RootDeviceName="/dev/xvda")["ImageId"]
    ssm.put_parameter(Name="/images/app", Value=other, Type="String", Overwrite=True)

    assert () == resting
    assert f"ImageId {lab.ground.image} -> {other}" == planned(lab, group).calls[0].reason


def test_a_parameter_that_is_none_is_told_with_its_name(lab: Lab) -> None:
    """Before anything is called that changes anything."""
    with pytest.raises(CloudError, match=r"scaling_group.image = '/images/none' is no parameter in eu-central-1"):
        planned(lab, lab.declare(image=Image.ssm("/images/none")))


def test_the_size_is_the_autoscalers_once_the_group_is_made(lab: Lab) -> None:
    """A plan that put back the declared size would take instances from under the load."""
    group = lab.declare(desired=2)
    run(lab, group)
    lab.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group.name, DesiredCapacity=5)
    made = planned(lab, group)

    assert () == made.calls
    assert any(note.startswith("desired capacity is 5, declared 2") for note in made.notes)


def test_a_schedules_size_is_no_drift(lab: Lab) -> None:
    """It has moved the minimum; putting it back would end the morning at half past seven."""
    group = lab.declare(schedules=[Schedule(name="mornings", cron="30 7 * * 1-5", minimum=4)])
    run(lab, group)
    lab.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName=group.name, MinSize=4)
    made = planned(lab, group)

    assert () == made.calls
    assert "MinSize is 4, declared 2: the schedule mornings has set it" in made.notes


def test_suspended_processes_are_left_alone_and_noted(lab: Lab) -> None:
    """An operator, or the breaker, has suspended them for a reason."""
    group = lab.declare()
    run(lab, group)
    lab.client("autoscaling").suspend_processes(AutoScalingGroupName=group.name, ScalingProcesses=["Launch"])
    made = planned(lab, group)

    assert () == made.calls
    assert "suspended and left so: Launch" in made.notes


def test_a_suspension_of_the_breakers_is_noted_with_its_reason(lab: Lab) -> None:
    """Who reads the plan learns why nothing is launched, and by whom."""
    group = lab.declare(breaker=Breaker())
    run(lab, group)
    place = {"ResourceId": group.name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    mark = {OWNER: "slackwater on balancer-1", REASON: "3 launches in a row failed: no capacity"}
    tags = [{**place, "Key": key, "Value": value} for key, value in mark.items()]
    lab.client("autoscaling").create_or_update_tags(Tags=tags)
    lab.client("autoscaling").suspend_processes(AutoScalingGroupName=group.name, ScalingProcesses=["Launch"])
    made = planned(lab, group)

    assert () == made.calls
    assert (
        "suspended and left so: Launch, by the breaker (slackwater on balancer-1): "
        "3 launches in a row failed: no capacity"
    ) in made.notes


def test_surplus_hooks_and_policies_of_our_group_go_and_a_siblings_stay(lab: Lab) -> None:
    """By name; a group whose name begins alike is another group."""
    group = lab.declare(name="ebb")
    sibling = lab.declare(name="ebb-b")
    run(lab, group)
    run(lab, sibling)
    autoscaling = lab.client("autoscaling")
    for name in ("ebb", "ebb-b"):
        autoscaling.put_lifecycle_hook(
            AutoScalingGroupName=name,
            LifecycleHookName="stray",
            LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
        )
        autoscaling.put_scaling_policy(
            AutoScalingGroupName=name, PolicyName="stray", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1
        )
    done = run(lab, group)

    assert ["delete_lifecycle_hook", "delete_policy"] == [line.partition(":")[0] for line in done]
    hooks = autoscaling.describe_lifecycle_hooks(AutoScalingGroupName="ebb-b")["LifecycleHooks"]
    assert 3 == len(hooks)


def test_a_group_that_others_made_is_refused(lab: Lab) -> None:
    """Its hooks and policies are not ours to plan away."""
    group = lab.make(lab.declare())

    with pytest.raises(CloudError, match=r"was not made by Slackwater; nothing was changed"):
        planned(lab, group)


def test_target_groups_are_attached_and_detached_one_by_one(lab: Lab) -> None:
    """One that was attached by somebody else stays, and is noted."""
    group = lab.declare()
    run(lab, group)
    vpc, elbv2 = lab.ground.vpc, lab.client("elbv2")
    foreign = elbv2.create_target_group(Name="foreign", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
    lab.client("autoscaling").attach_load_balancer_target_groups(
        AutoScalingGroupName=group.name, TargetGroupARNs=[foreign["TargetGroupArn"]]
    )
    one = changed(group, target_groups=(TargetGroup(name=f"{group.name}-one", vpc=vpc),))
    attach = f"attach_load_balancer_target_groups: target group {group.name}-one: not attached"
    detach = f"detach_load_balancer_target_groups: target group {group.name}-one: no longer declared"

    assert attach == run(lab, one)[-1]
    assert () == planned(lab, one).calls
    assert [detach] == run(lab, group)
    assert any("target group foreign: attached by somebody else" in note for note in planned(lab, group).notes)


def test_a_target_group_that_a_listener_forwards_to_stays_attached(lab: Lab) -> None:
    """Whoever comes through that listener would find nobody; a note says what to do first."""
    vpc, elbv2 = lab.ground.vpc, lab.client("elbv2")
    bare = lab.declare()
    group = changed(bare, target_groups=(TargetGroup(name=f"{bare.name}-web", vpc=vpc),))
    run(lab, group)
    target_group = elbv2.describe_target_groups(Names=[f"{group.name}-web"])["TargetGroups"][0]["TargetGroupArn"]
    balancer = elbv2.create_load_balancer(Name=f"{group.name}-alb", Subnets=list(lab.ground.subnets))["LoadBalancers"]
    elbv2.create_listener(
        LoadBalancerArn=balancer[0]["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target_group}],
    )
    kept = planned(lab, bare)

    assert () == kept.calls
    assert any(f"target group {group.name}-web: no longer declared, and stays attached" in note for note in kept.notes)


def test_a_deleted_target_group_does_not_stay_attached(lab: Lab) -> None:
    """Somebody deleted it: one is made anew under its name, and the former one's ARN goes from the group."""
    bare = lab.declare()
    group = changed(bare, target_groups=(TargetGroup(name=f"{bare.name}-web", vpc=lab.ground.vpc),))
    run(lab, group)
    elbv2 = lab.client("elbv2")
    target_group = elbv2.describe_target_groups(Names=[f"{group.name}-web"])["TargetGroups"][0]["TargetGroupArn"]
    elbv2.delete_target_group(TargetGroupArn=target_group)
    detach = f"detach_load_balancer_target_groups: target group {group.name}-web: deleted"

    assert [
        "create_target_group: new",
        "modify_target_group_attributes: new",
        f"attach_load_balancer_target_groups: target group {group.name}-web: not attached",
        detach,
    ] == told(planned(lab, group).calls)
    assert [detach] == told(planned(lab, bare).calls)


def test_a_hook_that_somebody_waits_on_stays() -> None:
    """Without it AWS abandons who arrives, and ends who drains in the middle of its requests."""
    group, gone = declare(), {"LifecycleHookName": "former", "LifecycleTransition": TERMINATING}
    hooks = {**{hook["LifecycleHookName"]: hook for hook in wanted_hooks(group)}, "former": gone}

    assert ["delete_lifecycle_hook"] == [call.method for call in plan_hooks(group, hooks, ["InService"])]
    assert ["delete_lifecycle_hook"] == [call.method for call in plan_hooks(group, hooks, ["Pending:Wait"])]
    with pytest.raises(CloudError, match="the hook former is no longer declared, and 2 instances may wait on it"):
        plan_hooks(group, hooks, ["Terminating:Wait", "InService", "Terminating:Wait"])


def test_a_plan_looks_at_who_waits() -> None:
    """The instances of the group are told to its hooks."""
    with start(lifecycle=True) as lab:
        group = lab.declare()
        run(lab, group)

        with pytest.raises(CloudError, match=f"{group.hooks.launch.name} is no longer declared"):
            planned(lab, changed(group, hooks=Hooks(launch=LaunchHook(name="arrive"))))


def test_instances_of_an_older_version_are_noted(lab: Lab) -> None:
    """The plan changes what will be launched; a refresh changes what runs."""
    group = lab.declare(desired=2)
    run(lab, group)
    run(lab, changed(group, hop_limit=2))
    lab.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group.name, DesiredCapacity=3)
    notes = planned(lab, changed(group, hop_limit=2)).notes

    assert "instances differ in their launch template: 2 of version 1, 1 of version 2" in notes


def test_a_tag_that_somebody_added_stays_and_ours_comes_back(lab: Lab) -> None:
    """Compare only what was declared."""
    group = lab.declare(tags={"team": "shop"})
    run(lab, group)
    place = {"ResourceId": group.name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    tags = [{**place, "Key": "cost", "Value": "42"}, {**place, "Key": "team", "Value": "shop"}]
    lab.client("autoscaling").create_or_update_tags(Tags=tags)

    assert ["create_or_update_tags: tag team does not come to new instances"] == run(lab, group)
    assert () == planned(lab, group).calls


def test_a_tag_that_is_declared_no_longer_stays(lab: Lab) -> None:
    """Nobody can tell it from one that others gave; docs/cloud.md says how it goes, and then nothing brings it back."""
    group = lab.declare(tags={"team": "shop"})
    run(lab, group)
    bare = changed(group, tags={})
    stays = planned(lab, bare).calls
    team = {"ResourceId": group.name, "ResourceType": "auto-scaling-group", "Key": "team"}
    lab.client("autoscaling").delete_tags(Tags=[team])

    assert ((), ()) == (stays, planned(lab, bare).calls)


def test_a_plan_is_a_function_of_declaration_and_world(lab: Lab) -> None:
    """Twice the same, from the same look: it has no clients to ask again."""
    group = everything(lab)
    declared, seen = Declared(group, USER_DATA), world(lab, group)
    before = len(lab.endpoint.calls)

    assert plan(declared, seen) == plan(declared, seen)
    assert before == len(lab.endpoint.calls)


def test_the_topic_and_the_hooks_may_go(lab: Lab) -> None:
    """What is no longer declared is planned away."""
    group = lab.declare(notifications=Notifications(topic_arn=lab.ground.topic))
    run(lab, group)
    bare = changed(group, notifications=None, hooks=Hooks(launch=None, terminate=TerminateHook()))
    done = [line.partition(":")[0] for line in run(lab, bare)]

    assert ["delete_lifecycle_hook", "delete_notification_configuration"] == done
    assert () == planned(lab, bare).calls


def test_a_renamed_hook_is_there_before_the_former_one_goes(lab: Lab) -> None:
    """In between an instance has one hook too many, never one too few."""
    group = lab.declare()
    run(lab, group)
    renamed = changed(group, hooks=Hooks(launch=LaunchHook(name="arrive")))
    done = [line.partition(":")[0] for line in run(lab, renamed)]

    assert ["put_lifecycle_hook", "delete_lifecycle_hook"] == done


def test_a_group_that_is_being_deleted_is_waited_for_by_the_operator(lab: Lab) -> None:
    """AWS refuses both to change it and to make another of its name."""
    group = lab.declare()
    run(lab, group)
    seen = world(lab, group)
    assert seen.group
    going = type(seen)(**{**vars(seen), "group": type(seen.group)(**{**vars(seen.group), "is_going": True})})

    with pytest.raises(CloudError, match="is being deleted: wait until it is gone"):
        plan(Declared(group, USER_DATA), going)


def test_fingerprints_do_not_move_with_the_autoscaler(lab: Lab) -> None:
    """Else a saved plan would be stale with every instance that comes or goes."""
    group = lab.declare()
    run(lab, group)
    before = world(lab, group).fingerprints()
    autoscaling = lab.client("autoscaling")
    autoscaling.set_desired_capacity(AutoScalingGroupName=group.name, DesiredCapacity=4)
    still = world(lab, group)
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=group.name, MaxSize=7)

    assert [] == still.differences(before)
    assert ["group"] == world(lab, group).differences(before)
    json.dumps(before)


def test_fifty_groups_are_planned_in_one_go(lab: Lab) -> None:
    """Printed, not asserted: how long fifty plans without changes take."""
    import time

    groups = [lab.declare(desired=2, policies=Policy.defaults()) for _ in range(50 if LONG else 5)]
    for group in groups:
        apply(planned(lab, group).calls, lab.clients, lambda _: None, lambda _: None)
    begun = time.monotonic()
    plans = [planned(lab, group) for _ in range(50 // len(groups)) for group in groups]
    print(f"50 plans without changes: {time.monotonic() - begun:.1f} s")  # noqa: T201 - a measurement

    assert 50 == len([each for each in plans if not each.calls])
