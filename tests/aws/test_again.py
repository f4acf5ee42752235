"""What broke off is completed by running again: every writing call of a create and of a change, lost or not made."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from slackwater.aws.apply import apply
from slackwater.aws.bundle_object import BundleObject
from slackwater.aws.call import Call
from slackwater.errors import CloudError
from slackwater.settings import (
    Hooks,
    LaunchHook,
    Metric,
    NetworkLoadBalancer,
    Policy,
    ScalingGroup,
    Schedule,
    TargetGroup,
    TerminateHook,
    Volume,
)
from tests.aws.resources import Lab
from tests.aws.resources import lab as start
from tests.aws.whole import everything, instance, planned, run
from tests.conftest import LONG

CREATE = [
    "put_object",
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
    "put_object",
    "set_subnets",
    "set_security_groups",
    "modify_load_balancer_attributes",
    "register_targets",
    "deregister_targets",
    "create_listener",
    "modify_listener",
    "delete_listener",
    "delete_target_group",
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
    "detach_load_balancer_target_groups",
    "put_scaling_policy",
    "put_metric_alarm",
    "delete_alarms",
    "delete_policy",
    "put_scheduled_update_group_action",
    "delete_scheduled_action",
    "delete_warm_pool",
    "delete_notification_configuration",
]
ELSEWHERE = {
    "start_instance_refresh": "test_refresh",
    "cancel_instance_refresh": "test_refresh",
    "rollback_instance_refresh": "test_refresh",
    "resume_processes": "test_delete",
    "delete_tags": "test_suspension",
    "delete_auto_scaling_group": "test_delete",
    "delete_launch_template": "test_delete",
    "delete_load_balancer": "test_delete",
}
"""What no create and no change calls, and the module that breaks it."""
KINDS = ["answer lost", "connection cut", "refused", "throttled"] if LONG else ["answer lost"]
DOUBLING = ("create_", "register_", "attach_", "put_lifecycle_hook")
"""Each of these is broken alone every day, the others only with --long: whatever is asked for twice, these could make
twice. In the chain of all that is broken every day there is each."""
FORGOTTEN = ("delete_listener", "answer lost")
"""Once its listener is gone nothing says that a port was there: its target group is a former one then, which a plan
names and leaves, so that in the chain the call after this one would not come."""
MODULES = Path(__file__).resolve().parents[2] / "src/slackwater/aws"


class Killed(BaseException):
    """What ends a process in the middle, as far as this process can show it."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


@pytest.fixture(autouse=True)
def healed(lab: Lab) -> Iterator[None]:
    """What one test asked to go wrong, and did not come to, is no other's trouble."""
    yield
    lab.endpoint.recover()


@pytest.fixture(scope="module")
def guard(lab: Lab) -> str:
    """A second security group."""
    made = lab.client("ec2").create_security_group(GroupName="other", Description="other", VpcId=lab.ground.vpc)
    return str(made["GroupId"])


@dataclass(frozen=True)
class Fleet:
    """A group with its bundle."""

    group: ScalingGroup
    bundle: BundleObject

    def planned(self, lab: Lab) -> tuple[Call, ...]:
        return planned(lab, self.group, bundle=self.bundle).calls

    def run(self, lab: Lab) -> list[str]:
        return run(lab, self.group, bundle=self.bundle)


def bundled(lab: Lab, group: ScalingGroup, place: Path, text: str) -> Fleet:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    path = place / f"{sha256}.tar.gz"
    path.write_text(text)
    return Fleet(group, BundleObject(lab.ground.bucket, f"{group.name}/{path.name}", path, sha256))


def full(lab: Lab, place: Path) -> Fleet:
    """With everything, and with what `other` takes away again."""
    group = everything(lab)
    behind = [TargetGroup(name=name, vpc=lab.ground.vpc) for name in (group.name, f"{group.name}-old")]
    fields = {"ports": (80, 443), "security_groups": (lab.ground.security_group,)}
    return bundled(lab, with_fields(group, target_groups=behind, load_balancer=edge(group, fields)), place, "first")


def edge(group: ScalingGroup, fields: Mapping[str, Any]) -> NetworkLoadBalancer:
    declared = group.load_balancer
    assert declared
    return NetworkLoadBalancer(**{name: getattr(declared, name) for name in type(declared).model_fields} | fields)


def with_fields(group: ScalingGroup, **fields: Any) -> ScalingGroup:
    return ScalingGroup(**{name: getattr(group, name) for name in type(group).model_fields} | fields)


def third(lab: Lab) -> str:
    """A subnet of a zone in which nothing is yet."""
    vpc = [{"Name": "vpc-id", "Values": [lab.ground.vpc]}]
    found = {
        each["AvailabilityZone"]: each["SubnetId"]
        for each in lab.client("ec2").describe_subnets(Filters=vpc)["Subnets"]
    }
    return str(next(each for each in found.values() if each not in lab.ground.subnets))


def other(lab: Lab, former: Fleet, guard: str, place: Path) -> Fleet:
    """Everything that may change, changed."""
    group = former.group
    front = {
        "subnets": (lab.ground.subnets[0], third(lab)),
        "balancer_instances": [instance(lab)],
        "ports": (80, 8443),
        "security_groups": (guard,),
        "cross_zone": False,
    }
    fields: dict[str, Any] = {
        "maximum": 5,
        "tags": {"team": "tide"},
        "volumes": [Volume(gb=25)],
        "target_groups": [
            TargetGroup(name=group.name, vpc=lab.ground.vpc, health_interval=20, deregistration_delay=90),
            TargetGroup(name=f"{group.name}-b", vpc=lab.ground.vpc),
        ],
        "load_balancer": edge(group, front),
        "hooks": Hooks(launch=LaunchHook(name="arrive"), terminate=TerminateHook(heartbeat=90)),
        "policies": [Policy.step("cpu-high", Metric.cpu(), above=80, adjustment=2)],
        "schedules": [Schedule(name="evenings", cron="30 17 * * 1-5", minimum=2)],
        "warm_pool": None,
        "notifications": None,
    }
    return bundled(lab, with_fields(group, **fields), place, "second")


def made(lab: Lab, guard: str, place: Path) -> Fleet:
    """A group is there, somebody has pointed its listener elsewhere, and all that may change is declared otherwise."""
    former = full(lab, place)
    former.run(lab)
    elbv2, name = lab.client("elbv2"), f"{former.group.name}-edge"
    balancer = elbv2.describe_load_balancers(Names=[name])["LoadBalancers"][0]["LoadBalancerArn"]
    listeners = {each["Port"]: each for each in elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]}
    elsewhere = listeners[443]["DefaultActions"]
    elbv2.modify_listener(ListenerArn=listeners[80]["ListenerArn"], DefaultActions=elsewhere)
    return other(lab, former, guard, place)


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


def methods(calls: Iterable[Call]) -> list[str]:
    """Each that writes, once."""
    return list(dict.fromkeys(call.method for call in calls if not call.method.startswith("describe_")))


def words(module: Path) -> set[str]:
    """All texts of a module that makes calls; none of one that makes none."""
    tree = ast.parse(module.read_text())
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    if not any(alias.name == "Call" for node in imported for alias in node.names):
        return set()
    return {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def writing() -> set[str]:
    """What AWS knows as a request that changes something, in the modules that make calls."""
    session = botocore.session.get_session()
    models = [session.get_service_model(service) for service in ("autoscaling", "ec2", "elbv2", "cloudwatch", "s3")]
    known = {xform_name(operation) for model in models for operation in model.operation_names}
    reading = {name for name in known if name.startswith(("describe_", "get_", "head_", "list_"))}
    return (known - reading) & {word for module in MODULES.rglob("*.py") for word in words(module)}


def alone(method: str) -> bool:
    return LONG or method.startswith(DOUBLING)


def test_the_lists_name_every_writing_call(lab: Lab, guard: str, tmp_path: Path) -> None:
    """A call that a plan makes and no test breaks is red until it is listed."""
    create = full(lab, tmp_path).planned(lab)
    change = made(lab, guard, tmp_path).planned(lab)

    assert CREATE == [method for method in methods(create) if method in CREATE]
    assert set(CREATE) == set(methods(create))
    assert set(CHANGE) == set(methods(change))


def test_no_call_of_the_library_is_in_no_list() -> None:
    """One that is new in a module is red until a plan here makes it, or another module breaks it."""
    assert writing() == {*CREATE, *CHANGE, *ELSEWHERE}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", [each for each in CREATE if alone(each)])
def test_a_create_that_broke_off_is_completed(lab: Lab, tmp_path: Path, method: str, kind: str) -> None:
    """The second run makes what is missing, the third plan is empty, nothing is there twice."""
    fleet = full(lab, tmp_path)
    calls = fleet.planned(lab)
    fail(lab, next(call.service for call in calls if call.method == method), method, kind)
    with suppress(CloudError):
        apply(calls, lab.clients, lambda _: None, lambda _: None)
    fleet.run(lab)

    assert () == fleet.planned(lab)
    assert {"versions": 1, "instances": 2, "hooks": 2, "target groups": 2} == doubled(lab, fleet.group)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", [each for each in CHANGE if alone(each)])
def test_a_change_that_broke_off_is_completed(lab: Lab, guard: str, tmp_path: Path, method: str, kind: str) -> None:
    """One new version, whatever was lost on the way."""
    changed = made(lab, guard, tmp_path)
    calls = changed.planned(lab)
    fail(lab, next(call.service for call in calls if call.method == method), method, kind)
    with suppress(CloudError):
        apply(calls, lab.clients, lambda _: None, lambda _: None)
    changed.run(lab)

    assert () == changed.planned(lab)
    assert {"versions": 2, "instances": 2, "hooks": 2, "target groups": 2} == doubled(lab, changed.group)


@pytest.mark.parametrize("kind", ["answer lost", "refused"] if LONG else ["answer lost"])
def test_a_create_and_a_change_that_break_off_at_each_call_are_completed(
    lab: Lab, guard: str, tmp_path: Path, kind: str
) -> None:
    """Run again as often as it breaks off: each run does a part, none of them anything twice."""
    fleet = full(lab, tmp_path)
    assert len(CREATE) == broken(lab, fleet, CREATE, kind)
    assert () == fleet.planned(lab)
    assert {"versions": 1, "instances": 2, "hooks": 2, "target groups": 2} == doubled(lab, fleet.group)

    changed = made(lab, guard, tmp_path)
    breaking = [method for method in CHANGE if (method, kind) != FORGOTTEN]
    assert len(breaking) == broken(lab, changed, breaking, kind)
    assert () == changed.planned(lab)
    assert {"versions": 2, "instances": 2, "hooks": 2, "target groups": 2} == doubled(lab, changed.group)


def broken(lab: Lab, fleet: Fleet, listed: Sequence[str], kind: str) -> int:
    """How often it broke off until it was through."""
    services = {call.method: call.service for call in fleet.planned(lab)}
    for method in listed:
        fail(lab, services[method], method, kind)
    for times in range(len(listed) + 1):
        try:
            fleet.run(lab)
        except CloudError:
            continue
        return times
    return -1


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
