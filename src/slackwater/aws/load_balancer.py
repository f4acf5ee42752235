"""The Network Load Balancer before the fleet's own balancers: one address, which passes TCP on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slackwater.aws.call import Call, Ref, drift
from slackwater.aws.clients import Clients, code
from slackwater.aws.ports import Port, observe_ports, plan_port, surplus_ports
from slackwater.aws.tags import as_dict, as_list, own_tags, refuse_foreign
from slackwater.aws.target_group import observe_tags, plan_tags
from slackwater.errors import CloudError
from slackwater.settings import NetworkLoadBalancer, ScalingGroup
from slackwater.settings.edge import Edge

KEY = "load_balancer"
IMMUTABLE = ("Type", "Scheme", "VpcId")


@dataclass(frozen=True)
class LoadBalancer:
    """`address` is the name that clients' DNS points to."""

    arn: str
    address: str
    settings: Mapping[str, Any]
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundLoadBalancer:
    """A port's target group may be there before the load balancer is: an apply that broke off leaves it."""

    load_balancer: LoadBalancer | None = None
    ports: Mapping[int, Port] = field(default_factory=dict)

    @property
    def arns(self) -> set[str]:
        """Its own, and those of its ports' target groups."""
        own = {self.load_balancer.arn} if self.load_balancer else set()
        return own | {port.target_group.arn for port in self.ports.values() if port.target_group}


def wanted_load_balancer(group: ScalingGroup, declared: NetworkLoadBalancer) -> dict[str, Any]:
    """The arguments of CreateLoadBalancer."""
    arguments = {
        "Name": declared.name,
        "Type": "network",
        "Scheme": declared.scheme,
        "Subnets": sorted(declared.subnets),
        "SecurityGroups": sorted(declared.security_groups),
        "Tags": as_list(own_tags(group)),
    }
    return {each: value for each, value in arguments.items() if value}


def wanted_attributes(declared: NetworkLoadBalancer) -> dict[str, str]:
    return {
        "load_balancing.cross_zone.enabled": "true" if declared.cross_zone else "false",
        # Clients' DNS points to its address, and a new one gets another: `slackwater delete` takes this off first.
        "deletion_protection.enabled": "true",
    }


def observe_load_balancer(clients: Clients, group: ScalingGroup) -> FoundLoadBalancer | None:
    """None for a group that declares none; one that it declared before is in `observe_former`."""
    declared = group.load_balancer
    if declared is None:
        return None
    found = _observe(clients, declared.name)
    return FoundLoadBalancer(found, observe_ports(clients, declared, found.arn if found else None))


def _observe(clients: Clients, name: str) -> LoadBalancer | None:
    try:
        found = clients.ask("elbv2", "describe_load_balancers", Names=[name])["LoadBalancers"][0]
    except CloudError as error:
        if code(error) == "LoadBalancerNotFound":
            return None
        raise
    arn = found["LoadBalancerArn"]
    attributes = clients.ask("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=arn)["Attributes"]
    return LoadBalancer(
        arn,
        found["DNSName"],
        {each: found[each] for each in IMMUTABLE if each in found},
        tuple(sorted(zone["SubnetId"] for zone in found.get("AvailabilityZones", []))),
        tuple(sorted(found.get("SecurityGroups", []))),
        as_dict(attributes),
        observe_tags(clients, arn),
    )


def plan_load_balancer(group: ScalingGroup, found: FoundLoadBalancer | None, *, edge: Edge | None = None) -> list[Call]:
    """`edge` is the balancers': with its `proxy_protocol` they learn a client's address from the PROXY protocol.

    Otherwise the load balancer keeps the client's address as the sender's. Both sides must agree: a balancer that
    expects the other way closes every connection, or logs the load balancer as the client of all requests.
    """
    declared = group.load_balancer
    if declared is None or found is None:
        return []
    there = found.load_balancer
    own = [_create(group, declared)] if there is None else _differences(group, declared, there)
    arn: str | Ref = there.arn if there else Ref(KEY)
    ports = [
        plan_port(group, declared, port, found.ports.get(port, Port()), load_balancer=arn, edge=edge)
        for port in declared.ports
    ]
    calls = [*own, *_attributes(declared, there), *(call for port in ports for call in port)]
    return [*calls, *surplus_ports(group, declared, found.ports)]


def _create(group: ScalingGroup, declared: NetworkLoadBalancer) -> Call:
    gives = {KEY: "LoadBalancers[0].LoadBalancerArn"}
    return Call("elbv2", "create_load_balancer", wanted_load_balancer(group, declared), "new", gives)


def _differences(group: ScalingGroup, declared: NetworkLoadBalancer, found: LoadBalancer) -> list[Call]:
    refuse_foreign(f"load balancer {declared.name}", found.tags, group)
    _refuse_replacement(declared, found)
    return [
        *_subnets(declared, found),
        *_security_groups(declared, found),
        *plan_tags(found.arn, own_tags(group), found.tags),
    ]


def _refuse_replacement(declared: NetworkLoadBalancer, found: LoadBalancer) -> None:
    """One made anew has another address, which clients learn only when their DNS does."""
    fixed = {"Type": "network", "Scheme": declared.scheme, "VpcId": declared.vpc}
    changes = drift(fixed, found.settings)
    if bool(declared.security_groups) != bool(found.security_groups):
        changes += drift({"SecurityGroups": list(declared.security_groups)}, {"SecurityGroups": found.security_groups})
    if changes:
        raise CloudError(
            f"load balancer {declared.name}: {'; '.join(changes)}: AWS cannot change that of one that exists. Declare "
            "one of another name, apply, point the DNS name to its address, and take this one away when nobody comes "
            "to it any more: `slackwater delete INVENTORY GROUP --former`"
        )


def _subnets(declared: NetworkLoadBalancer, found: LoadBalancer) -> list[Call]:
    wanted = sorted(declared.subnets)
    changes = drift({"Subnets": wanted}, {"Subnets": list(found.subnets)})
    arguments = {"LoadBalancerArn": found.arn, "Subnets": wanted}
    return [Call("elbv2", "set_subnets", arguments, "; ".join(changes))] if changes else []


def _security_groups(declared: NetworkLoadBalancer, found: LoadBalancer) -> list[Call]:
    wanted = sorted(declared.security_groups)
    changes = drift({"SecurityGroups": wanted}, {"SecurityGroups": list(found.security_groups)})
    arguments = {"LoadBalancerArn": found.arn, "SecurityGroups": wanted}
    return [Call("elbv2", "set_security_groups", arguments, "; ".join(changes))] if changes else []


def _attributes(declared: NetworkLoadBalancer, found: LoadBalancer | None) -> list[Call]:
    there = found.attributes if found else {}
    differing = {each: value for each, value in wanted_attributes(declared).items() if there.get(each) != value}
    if not differing:
        return []
    reason = "; ".join(drift(differing, there)) if found else "new"
    arguments = {"LoadBalancerArn": found.arn if found else Ref(KEY), "Attributes": as_list(differing)}
    return [Call("elbv2", "modify_load_balancer_attributes", arguments, reason)]
