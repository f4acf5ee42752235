"""Target groups: made whole, changed field by field, never replaced in silence, never somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from slackwater.aws.call import Ref
from slackwater.aws.target_group import FoundTargetGroup
from slackwater.aws.target_groups import observe_target_groups, plan_target_groups, target_group_arns
from slackwater.errors import CloudError
from slackwater.settings import ScalingGroup, TargetGroup
from tests.aws.resources import VPC, Lab, checked, declare, names
from tests.aws.resources import lab as start

ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/0123456789abcdef"
LIVE = "/health"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def web(**told: Any) -> ScalingGroup:
    return declare(target_groups=[TargetGroup(**{"name": "web", "vpc": VPC, **told})])


def found(group: ScalingGroup, **changed: Any) -> dict[str, FoundTargetGroup]:
    """What AWS would hold after the plan for this group."""
    first, second = plan_target_groups(group, {}, live=LIVE)
    settings = {key: value for key, value in first.arguments.items() if key not in ("Name", "Tags")}
    attributes = {each["Key"]: each["Value"] for each in second.arguments["Attributes"]}
    tags = {each["Key"]: each["Value"] for each in first.arguments["Tags"]}
    there = {"settings": settings, "attributes": attributes, "tags": tags, **changed}
    return {"web": FoundTargetGroup("web", ARN, **there)}


def test_target_groups_converge_twice_and_rest_once(lab: Lab) -> None:
    """With health check, attributes and tags, over HTTP."""
    group = lab.declare(
        target_groups=[
            TargetGroup(name="one-http", vpc=lab.ground.vpc, slow_start=60, stickiness=3600),
            TargetGroup(name="one-tcp", vpc=lab.ground.vpc, protocol="TCP"),
        ],
        tags={"team": "web"},
    )

    assert ["create_target_group: new", "modify_target_group_attributes: new"] * 2 == lab.run(
        plan_target_groups(group, observe_target_groups(lab.clients, group), live=LIVE)
    )
    assert [] == plan_target_groups(group, observe_target_groups(lab.clients, group), live=LIVE)
    assert ["/health", "/health"] == [
        each["HealthCheckPath"]
        for each in lab.client("elbv2").describe_target_groups(Names=["one-http", "one-tcp"])["TargetGroups"]
    ]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"health_path": "/live"}, "modify_target_group: HealthCheckPath /health -> /live"),
        ({"health_interval": 10}, "modify_target_group: HealthCheckIntervalSeconds 30 -> 10"),
        ({"health_timeout": 4}, "modify_target_group: HealthCheckTimeoutSeconds 5 -> 4"),
        ({"rise": 4}, "modify_target_group: HealthyThresholdCount 2 -> 4"),
        ({"fall": 4}, "modify_target_group: UnhealthyThresholdCount 3 -> 4"),
        (
            {"deregistration_delay": 90},
            "modify_target_group_attributes: deregistration_delay.timeout_seconds 70 -> 90",
        ),
        ({"slow_start": 30}, "modify_target_group_attributes: slow_start.duration_seconds 0 -> 30"),
        (
            {"stickiness": 60},
            "modify_target_group_attributes: stickiness.enabled false -> true; stickiness.type none -> lb_cookie; "
            "stickiness.lb_cookie.duration_seconds none -> 60",
        ),
    ],
)
def test_each_changed_field_is_one_named_call(changed: dict[str, Any], told: str) -> None:
    """And nothing else is touched."""
    assert [told] == names(plan_target_groups(web(**changed), found(web()), live=LIVE))


def test_another_live_path_of_the_app_changes_the_health_check() -> None:
    """The app's live path is asked unless the target group names another."""
    assert ["modify_target_group: HealthCheckPath /health -> /alive"] == names(
        plan_target_groups(web(), found(web()), live="/alive")
    )


def test_a_live_change_over_http_is_found_again(lab: Lab) -> None:
    """Drift, one call, rest."""
    group = lab.declare(target_groups=[TargetGroup(name="drifting", vpc=lab.ground.vpc)])
    lab.run(plan_target_groups(group, observe_target_groups(lab.clients, group), live=LIVE))

    assert ["modify_target_group: HealthCheckPath /health -> /alive"] == lab.run(
        plan_target_groups(group, observe_target_groups(lab.clients, group), live="/alive")
    )
    assert [] == plan_target_groups(group, observe_target_groups(lab.clients, group), live="/alive")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"port": 8080}, "Port 8000 -> 8080"),
        ({"protocol": "HTTPS"}, "Protocol HTTP -> HTTPS"),
        ({"vpc": "vpc-0123456789abcdef1"}, f"VpcId {VPC} -> vpc-0123456789abcdef1"),
    ],
)
def test_what_aws_cannot_change_is_an_error_with_the_way_out(changed: dict[str, Any], told: str) -> None:
    """A silent replacement would take the targets from under the load balancer."""
    with pytest.raises(CloudError) as refused:
        plan_target_groups(web(**changed), found(web()), live=LIVE)

    assert f"target group web: {told}: AWS cannot change that" in str(refused.value)
    assert "another name beside it" in str(refused.value)


@pytest.mark.parametrize("tags", [{}, {"slackwater:managed": "shop-b"}])
def test_somebody_elses_target_group_is_refused(tags: dict[str, str]) -> None:
    """A name alone does not make it ours."""
    with pytest.raises(CloudError, match="slackwater:managed=shop"):
        plan_target_groups(web(), found(web(), tags=tags), live=LIVE)


def test_what_aws_and_others_add_is_no_drift() -> None:
    """Attributes that are not declared, and a cost centre's tag."""
    there = found(web())["web"]
    more = {
        "settings": {**there.settings, "HealthCheckEnabled": True},
        "attributes": {**there.attributes, "load_balancing.algorithm.type": "round_robin"},
        "tags": {**there.tags, "cost-centre": "7"},
    }

    assert [] == plan_target_groups(web(), found(web(), **more), live=LIVE)


def test_a_tag_that_is_missing_is_added() -> None:
    """Only that one."""
    group = declare(target_groups=[TargetGroup(name="web", vpc=VPC)], tags={"team": "web"})
    there = found(group, tags={"slackwater:managed": "shop", "team": "ops"})

    (call,) = checked(plan_target_groups(group, there, live=LIVE))

    assert ("add_tags", "tag team ops -> web") == (call.method, call.reason)
    assert [{"Key": "team", "Value": "web"}] == call.arguments["Tags"]


def test_a_tcp_target_group_is_not_told_what_only_http_has() -> None:
    """AWS refuses the whole request for one attribute that it does not know there."""
    _, attributes = checked(plan_target_groups(web(protocol="TCP"), {}, live=LIVE))

    assert ["deregistration_delay.timeout_seconds", "stickiness.enabled"] == [
        each["Key"] for each in attributes.arguments["Attributes"]
    ]


def test_the_group_is_attached_to_what_is_there_and_to_what_the_plan_makes() -> None:
    """In the order of the declaration."""
    both = [TargetGroup(name="web", vpc=VPC), TargetGroup(name="next", vpc=VPC)]

    assert [ARN, Ref("target_group.next")] == target_group_arns(declare(target_groups=both), found(web()))
