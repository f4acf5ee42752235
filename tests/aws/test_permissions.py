"""Permissions: what is really called is allowed, what is never called is not, and nobody gets at another group."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest

from slackwater.aws.permissions import ROLES, Subject, permissions
from slackwater.errors import SettingsError
from slackwater.settings import App, Image, Logs, NetworkLoadBalancer, Secret, Source, Ssh, Store, TargetGroup
from tests.aws import recorded
from tests.aws.iam import actions
from tests.aws.resources import SUBNETS, VPC, Lab, declare
from tests.aws.resources import lab as start

ACCOUNT = "123456789012"
SHOP = App(
    name="shop",
    entrypoint="shop:app",
    source=Source.directory("examples/shop"),
    secrets={
        "DATABASE": Secret.ssm("/shop/database"),
        "MAIL": Secret.secrets_manager("shop/mail", region="eu-west-1"),
        "KEY": Secret.environment("KEY"),
    },
)
ABOUT = Subject(declare(), Store.s3("s3://bucket/store"), SHOP, "production", "prod", account=ACCOUNT)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def called(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[recorded.Request]]:
    """By role, what it has really asked of the lab's cloud."""
    about = recorded.subject(lab, recorded.everything(lab))
    return {
        "operator": recorded.operator(lab, tmp_path_factory.mktemp("operator")),
        "instance": recorded.instance(lab, about),
        "balancer": recorded.balancer(lab),
        "watch": recorded.watch(lab),
    }


def allows(document: dict[str, Any], action: str, resource: str) -> bool:
    """Whether a statement names both; an empty resource stands for one that is not known."""
    return any(
        action in statement["Action"]
        and (not resource or any(fnmatchcase(resource, each) for each in statement["Resource"]))
        for statement in document["Statement"]
    )


def allowed(document: dict[str, Any]) -> set[str]:
    return {action for statement in document["Statement"] for action in statement["Action"]}


def resources(document: dict[str, Any]) -> list[str]:
    return [each for statement in document["Statement"] for each in statement["Resource"]]


@pytest.mark.parametrize("role", ROLES)
def test_whatever_is_called_is_allowed(lab: Lab, called: dict[str, list[recorded.Request]], role: str) -> None:
    """Each request of a whole life, with the very resource that it was about."""
    document = permissions(role, recorded.subject(lab, recorded.everything(lab)))
    refused = {
        (action, resource)
        for service, operation, resource in called[role]
        for index, action in enumerate(actions(service, operation))
        # What an operation depends on is about other resources than its own.
        if not allows(document, action, resource if index == 0 else "")
    }

    assert called[role]
    assert set() == refused


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_allowed_that_is_never_called(
    lab: Lab, called: dict[str, list[recorded.Request]], role: str
) -> None:
    """Each action was asked for in that life, or is one that such an operation depends on."""
    document = permissions(role, recorded.subject(lab, recorded.everything(lab)))
    used = {action for service, operation, _ in called[role] for action in actions(service, operation)}

    assert set() == allowed(document) - used


@pytest.mark.parametrize("role", ROLES)
def test_a_document_is_one_that_iam_takes(role: str) -> None:
    """JSON, a version, unique statement ids of letters and digits, within the 6144 characters of a managed policy."""
    document = permissions(role, ABOUT)
    sids = [statement["Sid"] for statement in document["Statement"]]

    assert "2012-10-17" == document["Version"]
    assert sorted(set(sids)) == sorted(sids)
    assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)
    assert 6144 >= len(re.sub(r"\s", "", json.dumps(document)))


@pytest.mark.parametrize("role", ROLES)
def test_no_action_is_a_wildcard(role: str) -> None:
    """Each is spelled out, so that a reader and AWS's own analyser see what it is."""
    assert [] == [action for action in allowed(permissions(role, ABOUT)) if "*" in action]


@pytest.mark.parametrize("role", ROLES)
def test_everything_that_changes_is_bound_to_a_name(role: str) -> None:
    """Only what describes is allowed on everything: AWS knows no narrower resource for it. A metric has a namespace."""
    wide = [each for each in permissions(role, ABOUT)["Statement"] if "*" in each["Resource"]]

    free = [each for each in wide if "cloudwatch:namespace" not in json.dumps(each.get("Condition"))]

    actions = {action for each in free for action in each["Action"] if ":Describe" not in action}

    assert set() == actions - {"tag:GetResources"}


def test_an_instance_can_neither_suspend_nor_change_the_group() -> None:
    """Whoever takes over an app must not get at the fleet."""
    changing = re.compile(r"autoscaling:(?!Describe|CompleteLifecycleAction|RecordLifecycleActionHeartbeat)")
    others = re.compile(r"(ec2|iam|elasticloadbalancing|cloudwatch|sns):(?!PutMetricData)")

    assert [] == [action for action in allowed(permissions("instance", ABOUT)) if changing.match(action)]
    assert [] == [action for action in allowed(permissions("instance", ABOUT)) if others.match(action)]


def test_an_instance_reads_its_own_secrets_only() -> None:
    """One by one, where they are; what the operator's machine reads is not among them."""
    found = resources(permissions("instance", ABOUT))

    assert f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/shop/database" in found
    assert f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:shop/mail-??????" in found
    assert 1 == len([each for each in found if "secretsmanager" in each])


def test_an_instance_writes_nothing_but_its_report() -> None:
    """A bundle or a release that it could write would be run by the others."""
    statements = permissions("instance", ABOUT)["Statement"]

    assert [["arn:aws:s3:::bucket/store/arrivals/prod/*"]] == [
        each["Resource"] for each in statements if "s3:PutObject" in each["Action"]
    ]
    assert "s3:DeleteObject" not in allowed(permissions("instance", ABOUT))


@pytest.mark.parametrize("role", ["operator", "instance", "watch"])
def test_a_group_whose_name_begins_alike_is_out_of_reach(role: str) -> None:
    """`shop-b` is another group than `shop`, and so are its alarms."""
    document = permissions(role, ABOUT)
    place = f"eu-central-1:{ACCOUNT}"
    sibling = f"arn:aws:autoscaling:{place}:autoScalingGroup:0:autoScalingGroupName/shop-b"

    patterns = [each for each in resources(document) if each != "*" and ":ec2:" not in each]

    assert [] == [each for each in patterns if fnmatchcase(sibling, each)]
    assert [] == [
        each for each in patterns if fnmatchcase(f"arn:aws:cloudwatch:{place}:alarm:slackwater-shop-b:x", each)
    ]


def test_the_breaker_is_bound_to_the_groups_name_and_mark() -> None:
    """It stops launches of this group alone, and of its tags it writes its own."""
    read, stop, mark = permissions("watch", ABOUT)["Statement"]
    ours = {"StringEquals": {"aws:ResourceTag/slackwater:managed": "shop"}}
    name = f"arn:aws:autoscaling:eu-central-1:{ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/shop"

    assert ["*"] == read["Resource"]
    assert ([name], ours) == (stop["Resource"], stop["Condition"])
    assert [name] == mark["Resource"]
    assert {**ours, "ForAllValues:StringLike": {"aws:TagKeys": ["slackwater:breaker-*"]}} == mark["Condition"]


def test_a_balancer_only_reads() -> None:
    """It finds the members; stopping launches is a role of its own."""
    assert {"autoscaling:DescribeAutoScalingGroups", "ec2:DescribeInstances"} == allowed(permissions("balancer", ABOUT))


@pytest.mark.parametrize("role", ["instance", "balancer"])
def test_logs_come_and_are_neither_read_nor_written_over(role: str) -> None:
    """Whoever takes over an app must not rewrite what it has said; and only of the own fleet."""
    (ships,) = [
        each
        for each in permissions(role, replace(ABOUT, logs=Logs(ship_to="s3://tides/logs/")))["Statement"]
        if "ShipLogs" == each["Sid"]
    ]

    assert ["s3:PutObject"] == ships["Action"]
    assert ["arn:aws:s3:::tides/logs/production/*"] == ships["Resource"]
    assert {"Null": {"s3:if-none-match": "false"}} == ships["Condition"]


def test_an_operator_reads_logs_and_removes_none() -> None:
    """What has been said stays; a lifecycle rule of the bucket ends it."""
    found = {
        each["Sid"]: (each["Action"], each["Resource"])
        for each in permissions("operator", replace(ABOUT, logs=Logs(ship_to="s3://tides/logs")))["Statement"]
    }

    assert (["s3:ListBucket"], ["arn:aws:s3:::tides"]) == found["ListLogs"]
    assert (["s3:GetObject"], ["arn:aws:s3:::tides/logs/production/*"]) == found["ReadLogs"]
    assert not [sid for sid in found if "Logs" in sid and sid not in {"ListLogs", "ReadLogs"}]


def test_only_the_profiles_role_is_handed_over_and_only_to_ec2() -> None:
    """With more, an operator could give an instance any role of the account."""
    (statement,) = [
        each
        for each in permissions("operator", replace(ABOUT, role="shop-role"))["Statement"]
        if "iam:PassRole" in each["Action"]
    ]

    assert [f"arn:aws:iam::{ACCOUNT}:role/shop-role"] == statement["Resource"]
    assert {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}} == statement["Condition"]


def test_launches_are_bound_to_the_declared_network() -> None:
    """Subnets and security groups by their ids, the image by its own, templates by their mark."""
    statements = {each["Sid"]: each for each in permissions("operator", ABOUT)["Statement"]}

    assert {"arn:aws:ec2:eu-central-1::image/ami-0123456789abcdef0"} <= set(statements["LaunchInto"]["Resource"])
    assert {f"arn:aws:ec2:eu-central-1:{ACCOUNT}:subnet/{subnet}" for subnet in SUBNETS} <= set(
        statements["LaunchInto"]["Resource"]
    )
    assert {"StringEquals": {"aws:ResourceTag/slackwater:managed": "shop"}} == statements["LaunchOfTemplate"][
        "Condition"
    ]


def test_what_a_template_does_not_hold_nobody_launches_by_hand() -> None:
    """The rights into the network are for launches of a template alone; which one, its mark says."""
    statements = {each["Sid"]: each for each in permissions("operator", ABOUT)["Statement"]}

    assert {"Bool": {"ec2:IsLaunchTemplateResource": "true"}} == statements["LaunchInto"]["Condition"]


@pytest.mark.parametrize("version", ["", ":3", ":proved"])
def test_a_parameter_is_allowed_by_its_name(version: str) -> None:
    """IAM looks at no version: with one in the ARN the read would be denied."""
    group = declare(image=Image.ssm(f"/images/tide{version}"))
    statements = {each["Sid"]: each for each in permissions("operator", replace(ABOUT, group=group))["Statement"]}

    assert [f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/images/tide"] == statements["ReadImage"]["Resource"]


def test_a_group_without_load_balancing_gives_no_right_to_it() -> None:
    """But for reading what is attached or was declared before, and for taking away what bears the group's mark."""
    statements = [
        each
        for each in permissions("operator", ABOUT)["Statement"]
        if any(action.startswith("elasticloadbalancing") for action in each["Action"])
    ]
    former, read = statements

    assert {"StringEquals": {"aws:ResourceTag/slackwater:managed": "shop"}} == former["Condition"]
    assert [
        f"elasticloadbalancing:{name}"
        for name in ("DeleteLoadBalancer", "DeleteTargetGroup", "ModifyLoadBalancerAttributes")
    ] == former["Action"]
    assert [] == [action for action in read["Action"] if ":Describe" not in action]


def test_who_logs_in_without_a_key_pair_does_so_as_the_declared_user() -> None:
    """To the group's own instances, and to the balancers that the declaration names; nobody else gets that right."""
    front = NetworkLoadBalancer(name="front", vpc=VPC, subnets=SUBNETS, balancer_instances=["i-01234567"])
    about = replace(ABOUT, group=declare(load_balancer=front), login=Ssh(user="ops", instance_connect=True))
    send, ours = "ec2-instance-connect:SendSSHPublicKey", f"arn:aws:ec2:eu-central-1:{ACCOUNT}:instance"
    found = {
        each["Sid"]: (each["Resource"], each["Condition"]["StringEquals"])
        for each in permissions("operator", about)["Statement"]
        if send in each["Action"]
    }

    assert {
        "LogIn": ([f"{ours}/*"], {"aws:ResourceTag/slackwater:managed": "shop", "ec2:osuser": "ops"}),
        "LogInToBalancers": ([f"{ours}/i-01234567"], {"ec2:osuser": "ops"}),
    } == found
    assert not any(send in allowed(permissions(role, about)) for role in ROLES if role != "operator")
    assert send not in allowed(permissions("operator", replace(about, login=Ssh())))


def test_load_balancing_is_bound_to_the_declared_names() -> None:
    """Target groups, the load balancer, its listeners, and the target groups of its ports."""
    front = NetworkLoadBalancer(name="front", vpc=VPC, subnets=SUBNETS, balancer_instances=["i-01234567"])
    group = declare(load_balancer=front, target_groups=[TargetGroup(name="web", vpc=VPC)])
    found = {
        each.partition(f"{ACCOUNT}:")[2]
        for statement in permissions("operator", replace(ABOUT, group=group))["Statement"]
        for each in statement["Resource"]
        if ":elasticloadbalancing:" in each and "Condition" not in statement
    }

    assert {"targetgroup/web/*", "targetgroup/front-*/*", "loadbalancer/net/front/*", "listener/net/front/*"} == found


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("/aws/service/debian/release/12/latest/amd64", "arn:aws:ssm:eu-central-1::parameter/aws/service/debian/"),
        ("/images/shop", f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/images/shop"),
    ],
)
def test_the_image_is_looked_up_where_it_is_named(value: str, wanted: str) -> None:
    """AWS's public parameters belong to no account."""
    document = permissions("operator", replace(ABOUT, group=declare(image=Image.ssm(value))))
    (statement,) = [each for each in document["Statement"] if each["Sid"] == "ReadImage"]

    assert statement["Resource"][0].startswith(wanted)


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")]
)
def test_arns_bear_the_partition_of_the_region(region: str, partition: str) -> None:
    """China and GovCloud are clouds of their own."""
    found = resources(permissions("operator", replace(ABOUT, group=declare(region=region))))

    assert {partition} == {each.split(":")[1] for each in found if each != "*"}


def test_a_store_that_is_a_directory_gives_no_right_to_s3() -> None:
    """There is no bucket."""
    document = permissions("operator", replace(ABOUT, store=Store.directory(".slackwater/store")))

    assert [] == [action for action in allowed(document) if action.startswith("s3:")]


def test_the_operator_is_told_that_an_object_is_not_there() -> None:
    """Without the right to list, S3 answers 403 instead of 404; a look for one object names no prefix."""
    (statement,) = [each for each in permissions("operator", ABOUT)["Statement"] if each["Sid"] == "ListStore"]

    assert ["arn:aws:s3:::bucket"] == statement["Resource"]
    assert {"StringLikeIfExists": {"s3:prefix": ["store/*"]}} == statement["Condition"]


def test_the_largest_document_still_fits(lab: Lab) -> None:
    """IAM takes 10240 characters, without white space, of all policies that are embedded in a role."""
    document = permissions("operator", recorded.subject(lab, recorded.everything(lab)))

    assert 10240 >= len(json.dumps(document, separators=(",", ":")))


def test_an_unknown_role_is_refused_with_those_that_there_are() -> None:
    """A typing error is no empty document."""
    with pytest.raises(SettingsError, match="operator, instance, balancer, watch"):
        permissions("root", ABOUT)
