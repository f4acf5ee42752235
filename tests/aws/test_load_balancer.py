"""The Network Load Balancer: address, ports, balancers behind it; changed in place or refused with a way out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from slackwater.aws.apply import apply
from slackwater.aws.call import Ref
from slackwater.aws.load_balancer import (
    FoundLoadBalancer,
    LoadBalancer,
    observe_load_balancer,
    plan_load_balancer,
    wanted_attributes,
)
from slackwater.aws.ports import FoundListener, Port, wanted_port
from slackwater.aws.tags import own_tags
from slackwater.aws.target_group import FoundTargetGroup
from slackwater.errors import CloudError
from slackwater.settings import NetworkLoadBalancer, ScalingGroup
from slackwater.settings.edge import Edge
from tests.aws.resources import SUBNETS, VPC, Lab, checked, declare, names
from tests.aws.resources import lab as start

ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/net/front/0123"
ONE, TWO = "i-0123456789abcdef0", "i-0123456789abcdef1"
BEHIND_HEADER = Edge(proxy_protocol=True, trusted_proxies=["10.0.0.0/16"])


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def fronted(**told: Any) -> ScalingGroup:
    sound = {"name": "front", "vpc": VPC, "subnets": SUBNETS, "balancer_instances": [ONE, TWO], "ports": [80]}
    return declare(load_balancer=NetworkLoadBalancer(**{**sound, **told}))


def found(**changed: Any) -> FoundLoadBalancer:
    """What AWS would hold for `fronted()`."""
    group = fronted()
    declared = group.load_balancer
    assert declared is not None
    settings = {"Type": "network", "Scheme": "internet-facing", "VpcId": VPC}
    there = {"subnets": SUBNETS, "attributes": wanted_attributes(declared), "tags": own_tags(group), **changed}
    return FoundLoadBalancer(
        LoadBalancer(ARN, "front.elb.eu-central-1.amazonaws.com", **{"settings": settings, **there}),
        {80: port(group, declared, 80)},
    )


def port(group: ScalingGroup, declared: NetworkLoadBalancer, number: int) -> Port:
    wanted = wanted_port(declared, number, None)
    arn = f"arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/{wanted.name}/0123"
    target_group = FoundTargetGroup(wanted.name, arn, wanted.settings, wanted.attributes, own_tags(group))
    return Port(FoundListener(f"{ARN}:{number}", "TCP", arn), target_group, (ONE, TWO))


def test_a_load_balancer_converges_twice_and_rests_once(lab: Lab) -> None:
    """With ports 80 and 443, the balancers registered, over HTTP."""
    machines = lab.client("ec2").run_instances(ImageId=lab.ground.image, MinCount=2, MaxCount=2)["Instances"]
    instances = [machine["InstanceId"] for machine in machines]
    group = lab.declare(
        load_balancer=NetworkLoadBalancer(
            name="tide", vpc=lab.ground.vpc, subnets=lab.ground.subnets, balancer_instances=instances
        )
    )

    assert ["create_load_balancer", "modify_load_balancer_attributes"] + [
        "create_target_group",
        "modify_target_group_attributes",
        "register_targets",
        "create_listener",
    ] * 2 == [
        told.partition(":")[0] for told in lab.run(plan_load_balancer(group, observe_load_balancer(lab.clients, group)))
    ]
    assert [] == plan_load_balancer(group, observe_load_balancer(lab.clients, group))


def test_a_port_that_is_no_longer_declared_goes_over_http(lab: Lab) -> None:
    """The listener first, then its target group; a load balancer of a similar name stays."""
    (machine,) = lab.client("ec2").run_instances(ImageId=lab.ground.image, MinCount=1, MaxCount=1)["Instances"]
    told = {"vpc": lab.ground.vpc, "subnets": lab.ground.subnets, "balancer_instances": [machine["InstanceId"]]}
    groups = [lab.declare(load_balancer=NetworkLoadBalancer(name=name, **told)) for name in ("ebb", "ebb-80")]
    for each in groups:
        lab.run(plan_load_balancer(each, observe_load_balancer(lab.clients, each)))
    fewer = lab.declare(name=groups[0].name, load_balancer=NetworkLoadBalancer(name="ebb", ports=[80], **told))

    assert ["delete_listener: port 443: no longer declared", "delete_target_group: ebb-443: no longer declared"] == (
        lab.run(plan_load_balancer(fewer, observe_load_balancer(lab.clients, fewer)))
    )
    assert [] == plan_load_balancer(fewer, observe_load_balancer(lab.clients, fewer))
    assert [] == plan_load_balancer(groups[1], observe_load_balancer(lab.clients, groups[1]))


def test_a_rest_is_a_rest() -> None:
    """Pure: nothing differs, nothing is planned."""
    assert [] == plan_load_balancer(fronted(), found())


def test_an_apply_that_broke_off_goes_on() -> None:
    """The target group is there, the load balancer is not: its listener refers to what the plan makes."""
    there = found()
    half = FoundLoadBalancer(None, {80: replace(there.ports[80], listener=None)})

    create, attributes, listener = checked(plan_load_balancer(fronted(), half))

    assert ("create_load_balancer", "modify_load_balancer_attributes") == (create.method, attributes.method)
    assert Ref("load_balancer") == listener.arguments["LoadBalancerArn"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"subnets": SUBNETS[:1]}, f"set_subnets: Subnets [{', '.join(SUBNETS)}] -> [{SUBNETS[0]}]"),
        (
            {"cross_zone": False},
            "modify_load_balancer_attributes: load_balancing.cross_zone.enabled true -> false",
        ),
        (
            {"deregistration_delay": 60},
            "modify_target_group_attributes: deregistration_delay.timeout_seconds 120 -> 60",
        ),
    ],
)
def test_each_changed_field_is_one_named_call(changed: dict[str, Any], told: str) -> None:
    """And nothing else is touched."""
    assert [told] == names(plan_load_balancer(fronted(**changed), found()))


def test_a_new_balancer_is_registered_before_the_former_one_goes() -> None:
    """In between, one too many answers rather than none: AWS sends nothing to a new one before it has answered."""
    third = "i-0123456789abcdef2"
    calls = plan_load_balancer(fronted(balancer_instances=[TWO, third]), found())

    assert [
        f"register_targets: {third}: not registered",
        f"describe_target_health: {TWO}, {third}: must answer first",
        f"deregister_targets: {ONE}: no longer declared",
    ] == names(calls)
    assert calls[1].wait is not None
    assert ("describe_target_health", 0) == (calls[1].wait.method, calls[1].wait.until)


def test_an_apply_that_broke_off_after_the_registration_waits_too() -> None:
    """And the last one that stays must be well before another goes."""
    assert [
        f"describe_target_health: {ONE}: must answer first",
        f"deregister_targets: {TWO}: no longer declared",
    ] == names(plan_load_balancer(fronted(balancer_instances=[ONE]), found()))


def test_nobody_waits_for_targets_that_aws_asks_nothing() -> None:
    """Without a listener that forwards to it a target group stays unused."""
    there = found()
    unused = replace(there, ports={80: replace(there.ports[80], listener=None)})

    assert ["deregister_targets", "create_listener"] == [
        call.method for call in plan_load_balancer(fronted(balancer_instances=[ONE]), unused)
    ]


def test_both_balancers_are_swapped_without_a_gap(lab: Lab) -> None:
    """The former ones stay registered until the new ones answer."""
    machines = lab.client("ec2").run_instances(ImageId=lab.ground.image, MinCount=4, MaxCount=4)["Instances"]
    old, new = ([machine["InstanceId"] for machine in half] for half in (machines[:2], machines[2:]))
    told = {"name": "swap", "vpc": lab.ground.vpc, "subnets": lab.ground.subnets, "ports": [80]}
    group = lab.declare(load_balancer=NetworkLoadBalancer(balancer_instances=old, **told))
    lab.run(plan_load_balancer(group, observe_load_balancer(lab.clients, group)))
    swapped = lab.declare(name=group.name, load_balancer=NetworkLoadBalancer(balancer_instances=new, **told))
    register, *rest = plan_load_balancer(swapped, observe_load_balancer(lab.clients, swapped))
    lab.run([register])
    for instance in new:
        lab.endpoint.cloud.target_health(register.arguments["TargetGroupArn"], instance, "initial")
    seen: list[set[str]] = []

    def pause(_: float) -> None:
        described = lab.client("elbv2").describe_target_health(TargetGroupArn=register.arguments["TargetGroupArn"])
        states = {each["Target"]["Id"]: each["TargetHealth"]["State"] for each in described["TargetHealthDescriptions"]}
        seen.append({instance for instance in old if states[instance] == "healthy"})
        lab.endpoint.cloud.target_health(register.arguments["TargetGroupArn"], new[len(seen) - 1], "healthy")

    apply(rest, lab.clients, lambda _: None, pause)

    assert [set(old), set(old)] == seen


@pytest.mark.parametrize(
    ("changed", "there", "told"),
    [
        ({"scheme": "internal"}, {}, "Scheme internet-facing -> internal"),
        ({"security_groups": ["sg-01234567"]}, {}, "SecurityGroups [] -> [sg-01234567]"),
        ({}, {"security_groups": ("sg-01234567",)}, "SecurityGroups [sg-01234567] -> []"),
        ({"vpc": "vpc-0123456789abcdef1"}, {}, f"VpcId {VPC} -> vpc-0123456789abcdef1"),
    ],
)
def test_what_aws_cannot_change_is_an_error_with_the_way_out(
    changed: dict[str, Any], there: dict[str, Any], told: str
) -> None:
    """A load balancer made anew has another address, which clients would not find."""
    with pytest.raises(CloudError) as refused:
        plan_load_balancer(fronted(**changed), found(**there))

    assert f"load balancer front: {told}: AWS cannot change that" in str(refused.value)
    assert "point the DNS name" in str(refused.value)


def test_other_security_groups_are_set_where_there_were_some() -> None:
    """AWS allows that, and only that."""
    assert ["set_security_groups: SecurityGroups [sg-01234567] -> [sg-89abcdef]"] == names(
        plan_load_balancer(fronted(security_groups=["sg-89abcdef"]), found(security_groups=("sg-01234567",)))
    )


def test_somebody_elses_load_balancer_is_refused() -> None:
    """A name alone does not make it ours."""
    with pytest.raises(CloudError, match="slackwater:managed=shop"):
        plan_load_balancer(fronted(), found(tags={}))


def test_balancers_that_read_the_proxy_protocol_get_it() -> None:
    """And the load balancer as sender, whom they trust; otherwise they get the client's address as the sender's."""
    assert [
        "modify_target_group_attributes: proxy_protocol_v2.enabled false -> true; "
        "preserve_client_ip.enabled true -> false"
    ] == names(plan_load_balancer(fronted(), found(), edge=BEHIND_HEADER))
    assert [] == plan_load_balancer(fronted(), found(), edge=Edge())


def test_it_is_protected_from_deletion() -> None:
    """Clients' DNS points to its address."""
    there = {"load_balancing.cross_zone.enabled": "true", "deletion_protection.enabled": "false"}

    assert ["modify_load_balancer_attributes: deletion_protection.enabled false -> true"] == names(
        plan_load_balancer(fronted(), found(attributes=there))
    )


def test_a_listener_that_forwards_elsewhere_is_turned_back() -> None:
    """Whoever pointed it to a maintenance page and forgot."""
    there = found()
    elsewhere = replace(there.ports[80], listener=FoundListener(f"{ARN}:80", "TCP", "arn:other"))

    assert ["modify_listener: port 80: it forwards to another target group"] == names(
        plan_load_balancer(fronted(), replace(there, ports={80: elsewhere}))
    )


def test_a_target_group_of_others_behind_a_surplus_port_stays() -> None:
    """Only its listener, which is ours, goes."""
    there = found()
    group = fronted()
    assert group.load_balancer is not None
    foreign = port(group, group.load_balancer, 8080)
    assert foreign.target_group is not None
    foreign = replace(foreign, target_group=replace(foreign.target_group, tags={}))

    assert ["delete_listener: port 8080: no longer declared"] == names(
        plan_load_balancer(group, replace(there, ports={**there.ports, 8080: foreign}))
    )


def test_a_group_without_one_plans_nothing() -> None:
    """And nothing is read."""
    assert [] == plan_load_balancer(declare(), None)
