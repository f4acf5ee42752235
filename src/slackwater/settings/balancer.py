"""Balancer: the nginx in front of all hosts of the group app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, InstanceOf

from slackwater.settings._faults import Fault
from slackwater.settings._fields import AS_TUPLE, choice, part, text, whole
from slackwater.settings.backend_tls import BackendTls
from slackwater.settings.checks import Checks
from slackwater.settings.edge import Edge
from slackwater.settings.members import is_address
from slackwater.settings.membership import Membership

Method = Literal["least_conn", "round_robin"]
Changes = Literal["lua", "reload"]
RetryOn = Literal["error", "timeout", "invalid_header", "http_500", "http_502", "http_503", "http_504", "http_429"]
ADDRESS_ALLOWED = "an IP address of their network"


def address(value: str) -> str:
    """No name: it would have to be looked up while it is moving."""
    if not is_address(value):
        raise ValueError(f"must be {ADDRESS_ALLOWED}")
    return value


Address = Annotated[str, AfterValidator(address)]


class Balancer(Edge):
    """What clients meet, then what app hosts meet. A host that fails `max_fails` times within `fail_timeout` is left
    out for `fail_timeout`."""

    max_fails: int = whole(3, "Failures after which a host is left out; 0 never leaves one out.")
    fail_timeout: int = whole(10, "In which failures count, and for which a host is left out.", unit="seconds", least=1)
    keepalive: int = whole(32, "Idle connections that each nginx worker keeps.", unit="connections", least=1)
    connect_timeout: int = whole(1, "To connect to an app host.", unit="seconds", least=1)
    read_timeout: int = whole(60, "Between two reads from an app host.", unit="seconds", least=1)
    send_timeout: int = whole(60, "Between two writes to an app host.", unit="seconds", least=1)
    tries: int = whole(3, "On how many hosts an idempotent request is tried.", unit="hosts", least=1)
    tries_timeout: int = whole(75, "After which no further host is tried.", unit="seconds", least=1)
    retry_on: Annotated[tuple[RetryOn, ...], AS_TUPLE] = text(
        ("error", "timeout", "http_502", "http_503", "http_504"),
        "Which answers send an idempotent request to another host; a POST is never sent twice.",
        allowed="any of " + ", ".join(repr(value) for value in get_args(RetryOn)),
    )
    membership: Annotated[tuple[InstanceOf[Membership], ...], AS_TUPLE] = part(
        lambda: (Membership.inventory(),),
        "Where the hosts are named; several add up.",
        allowed="a list of Membership.inventory(), Membership.auto_scaling(…) and Membership.dns(…)",
    )
    changes: Changes = choice(
        "lua", "How nginx learns of another member; 'reload' where it has no Lua module.", get_args(Changes)
    )
    checks: InstanceOf[Checks] = part(Checks, "How the hosts are asked how they are.", allowed="Checks(…)")
    floor: int = whole(
        50, "The share that is asked however bad it looks: a bad answer is better than none.", unit="percent", most=100
    )
    slow_start: int = whole(
        30, "In which a host that came into service gets more, from a tenth to all.", unit="seconds"
    )
    address: Address | None = text(
        None,
        "What several balancers share: one has it, another takes it over. An inventory's `balancer_address` beats it.",
        allowed=ADDRESS_ALLOWED,
    )
    method: Method = choice("least_conn", "How a host is chosen.", get_args(Method))
    backend_tls: InstanceOf[BackendTls] | None = text(
        None,
        "Speak TLS with the app hosts. None: a private network does without its cost.",
        allowed="BackendTls(…)",
    )

    def conflicts(self) -> Iterator[Fault]:
        yield from super().conflicts()
        if not self.membership:
            yield self.fault("membership", "must name at least one source, such as Membership.inventory()")
        if "timeout" in self.retry_on and self.tries_timeout <= self.read_timeout:
            yield self.fault(
                "tries_timeout",
                f"must be greater than read_timeout ({self.read_timeout}), or what timed out is never tried elsewhere",
            )
