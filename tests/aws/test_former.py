"""Load balancers and target groups that are declared no longer: seen, left alone, taken away when a person says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from slackwater.aws.delete import plan_delete
from slackwater.aws.former import Former, FormerLoadBalancer, FormerTargetGroup, delete_former, former_notes
from slackwater.aws.world import observe
from slackwater.settings import NetworkLoadBalancer, TargetGroup
from tests.aws.resources import Lab, declare, names
from tests.aws.resources import lab as start
from tests.aws.whole import instance, planned, run

ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012"
FRONT = FormerLoadBalancer(f"{ARN}:loadbalancer/net/front/1", "front", "front.elb.eu-central-1.amazonaws.com")
BEHIND = FormerTargetGroup(f"{ARN}:targetgroup/front-80/1", (FRONT.arn,))
USED = FormerTargetGroup(f"{ARN}:targetgroup/web/1", (f"{ARN}:loadbalancer/app/others/1",))


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def test_what_is_no_longer_declared_is_told_of_until_it_is_taken_away(lab: Lab) -> None:
    """A load balancer that clients may come through stays; the note has the command, which the group survives."""
    told = {"vpc": lab.ground.vpc, "subnets": lab.ground.subnets, "balancer_instances": [instance(lab)], "ports": [80]}
    front = NetworkLoadBalancer(name="ebb-edge", **told)
    run(lab, lab.declare(name="ebb", load_balancer=front, target_groups=[TargetGroup(name="ebb", vpc=lab.ground.vpc)]))
    group = lab.declare(name="ebb")
    detached = run(lab, group)
    rested = planned(lab, group)
    former = observe(lab.clients, group, None).former
    taken = lab.run(list(delete_former(former)))
    after = planned(lab, group)

    assert ["detach_load_balancer_target_groups: target group ebb: no longer declared"] == detached
    assert ((), 2) == (rested.calls, len(rested.notes))
    assert rested.notes[0].startswith("load balancer ebb-edge: no longer declared, and left alone: clients may still")
    assert "`slackwater delete INVENTORY ebb --former`" in rested.notes[0]
    assert [
        "modify_load_balancer_attributes: ebb-edge: no longer declared",
        "delete_load_balancer: ebb-edge: no longer declared",
        "delete_target_group: ebb-edge-80: no longer declared",
        "delete_target_group: ebb: no longer declared",
    ] == taken
    assert ((), ()) == (after.calls, after.notes)


def test_deleting_the_group_takes_it_away_too(lab: Lab) -> None:
    """Also after another was declared in its place; one of a group whose name begins alike stays."""
    told = {"vpc": lab.ground.vpc, "subnets": lab.ground.subnets, "balancer_instances": [instance(lab)], "ports": [80]}
    for name, edge in (("flow", "one"), ("flow", "two"), ("flow-b", "three")):
        run(lab, lab.declare(name=name, load_balancer=NetworkLoadBalancer(name=edge, **told)))
    group = lab.declare(name="flow", load_balancer=NetworkLoadBalancer(name="two", **told))
    lab.run(plan_delete(group, observe(lab.clients, group, None)))

    assert [] == plan_delete(group, observe(lab.clients, group, None))
    assert ["three"] == [
        each["LoadBalancerName"] for each in lab.client("elbv2").describe_load_balancers()["LoadBalancers"]
    ]


def test_a_target_group_that_others_forward_to_stays_with_a_note() -> None:
    """Their clients come through it, and AWS would refuse."""
    former = Former((FRONT,), (BEHIND, USED))
    notes = list(former_notes(declare(), former))

    assert ["front", "front", "front-80"] == [told.split(": ")[1] for told in names(list(delete_former(former)))]
    assert (
        "target group web: no longer declared, and stays while app/others/1 forwards to it; take it out there first"
        == notes[-1]
    )
    assert 2 == len(notes)
