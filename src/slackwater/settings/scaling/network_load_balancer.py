"""NetworkLoadBalancer: one address of AWS before the fleet's own balancers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import AS_TUPLE, choice, switch, text, whole
from slackwater.settings.scaling._words import (
    INSTANCE_ALLOWED,
    RESOURCE_NAME,
    SECURITY_GROUP_ALLOWED,
    SUBNET_ALLOWED,
    VPC,
    VPC_ALLOWED,
    Instance,
    SecurityGroup,
    Subnet,
)

Scheme = Literal["internet-facing", "internal"]
# Each port's target group is named "<name>-<port>", and AWS takes 32 characters.
LONGEST_NAME = 26
NAME_ALLOWED = f"1 to {LONGEST_NAME} letters, digits or '-', neither first nor last a '-', not 'internal-…'"
PORT_ALLOWED = "a port from 1 to 65535"


def port(value: int) -> int:
    if not 1 <= value <= 65535:
        raise ValueError(f"must be {PORT_ALLOWED}")
    return value


Port = Annotated[int, AfterValidator(port)]


class NetworkLoadBalancer(Settings):
    """It passes TCP on to the balancers' nginx, which keeps TLS, checks and drain."""

    name: str = text(..., "Unique in the region.", pattern=RESOURCE_NAME, allowed=NAME_ALLOWED, example="shop-prod")
    vpc: str = text(..., "Where the balancers are.", pattern=VPC, allowed=VPC_ALLOWED, example="vpc-0123456789abcdef0")
    subnets: Annotated[tuple[Subnet, ...], AS_TUPLE] = text(
        ...,
        "One of each availability zone.",
        allowed=f"a list of subnets, each {SUBNET_ALLOWED}",
        example=("subnet-0123456789abcdef0", "subnet-0123456789abcdef1"),
    )
    balancer_instances: Annotated[tuple[Instance, ...], AS_TUPLE] = text(
        ...,
        "The balancers it passes to.",
        allowed=f"a list of instances, each {INSTANCE_ALLOWED}",
        example=("i-0123456789abcdef0", "i-0123456789abcdef1"),
    )
    ports: Annotated[tuple[Port, ...], AS_TUPLE] = text(
        (80, 443), "Where it listens, and where the balancers do.", allowed=f"a list of ports, each {PORT_ALLOWED}"
    )
    scheme: Scheme = choice("internet-facing", "Who reaches it.", get_args(Scheme))
    security_groups: Annotated[tuple[SecurityGroup, ...], AS_TUPLE] = text(
        (), "Its own; they cannot be added later.", allowed=f"a list of security groups, each {SECURITY_GROUP_ALLOWED}"
    )
    cross_zone: bool = switch(True, "Pass on to balancers of every zone; AWS charges for traffic between zones.")
    deregistration_delay: int = whole(
        120, "Connections through a balancer that is taken out may last so long.", unit="seconds", most=3600
    )

    def target_group_name(self, port: int) -> str:
        return f"{self.name}-{port}"

    def conflicts(self) -> Iterator[Fault]:
        if len(self.name) > LONGEST_NAME or self.name.startswith("internal-"):
            yield self.fault("name", f"must be {NAME_ALLOWED}")
        for field in ("subnets", "balancer_instances", "ports"):
            values = getattr(self, field)
            if not values or len(set(values)) < len(values):
                yield self.fault(field, "must name at least one, and each once")
