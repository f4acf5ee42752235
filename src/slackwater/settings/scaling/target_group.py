"""TargetGroup: the group's instances behind an AWS load balancer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import URL_PATH, URL_PATH_ALLOWED, choice, text, whole
from slackwater.settings.scaling._words import RESOURCE_NAME, RESOURCE_NAME_ALLOWED, VPC, VPC_ALLOWED

Protocol = Literal["HTTP", "HTTPS", "TCP"]
SLOW_START = (30, 900)
# Measured by others: https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/1064 and 2366.
HOLDS = {"HTTP": 70, "TCP": 120}


class TargetGroup(Settings):
    """AWS registers an instance when it is in service, and deregisters it before it drains."""

    name: str = text(
        ..., "Unique in the region.", pattern=RESOURCE_NAME, allowed=RESOURCE_NAME_ALLOWED, example="shop-prod"
    )
    vpc: str = text(..., "Where the instances are.", pattern=VPC, allowed=VPC_ALLOWED, example="vpc-0123456789abcdef0")
    port: int = whole(8000, "Where the instances listen: App.port.", least=1, most=65535)
    protocol: Protocol = choice(
        "HTTP", "HTTP and HTTPS for an Application Load Balancer, TCP for a Network one.", get_args(Protocol)
    )
    deregistration_delay: int = whole(
        70,
        "Requests in flight may take so long after deregistration; at least the app's Nginx.read_timeout.",
        unit="seconds",
        most=3600,
    )
    slow_start: int = whole(
        0, "In which a new instance gets more and more; 0 is off, else 30 to 900.", unit="seconds", most=900
    )
    stickiness: int | None = whole(
        None, "A client stays with one instance for so long; None: any.", unit="seconds", least=1, most=604800
    )
    health_path: str | None = text(
        None, "What is asked; None is the app's live path.", pattern=URL_PATH, allowed=URL_PATH_ALLOWED
    )
    health_interval: int = whole(30, "Between two questions.", unit="seconds", least=5, most=300)
    health_timeout: int = whole(5, "For the answer.", unit="seconds", least=2, most=120)
    rise: int = whole(2, "Good answers until it is healthy.", least=2, most=10)
    fall: int = whole(3, "Bad answers until it is not.", least=2, most=10)

    @property
    def hold(self) -> int:
        """Seconds after deregistration in which AWS's load balancer may still send new requests."""
        return HOLDS["TCP" if self.protocol == "TCP" else "HTTP"]

    @property
    def first_healthy(self) -> int:
        """Seconds from registration until AWS may call a good instance healthy."""
        return self.health_interval * self.rise + self.health_timeout

    def conflicts(self) -> Iterator[Fault]:
        if self.health_timeout >= self.health_interval:
            yield self.fault("health_timeout", f"must be less than health_interval ({self.health_interval} seconds)")
        if 0 < self.slow_start < SLOW_START[0]:
            yield self.fault("slow_start", f"must be 0, or from {SLOW_START[0]} to {SLOW_START[1]} seconds")
        if self.protocol == "TCP":
            yield from self._tcp_conflicts()

    def _tcp_conflicts(self) -> Iterator[Fault]:
        if self.slow_start:
            yield self.fault("slow_start", "must be 0 for TCP: only an Application Load Balancer has it")
        if self.stickiness is not None:
            yield self.fault("stickiness", "must be None for TCP: a cookie needs HTTP")
