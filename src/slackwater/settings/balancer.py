"""Balancer: the nginx in front of all hosts of the group app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, get_args

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import AS_TUPLE, choice, text, whole
from slackwater.settings._ports import port_conflicts

Method = Literal["least_conn", "round_robin"]
RetryOn = Literal["error", "timeout", "invalid_header", "http_500", "http_502", "http_503", "http_504", "http_429"]


class Balancer(Settings):
    """A host that fails `max_fails` times within `fail_timeout` is left out for `fail_timeout`."""

    port: int = whole(80, "Where the balancer listens.", least=1, most=65535)
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
    body_limit: int = whole(10, "The largest request body; a larger one is answered 413.", unit="MB", least=1)
    method: Method = choice("least_conn", "How a host is chosen.", get_args(Method))

    def conflicts(self) -> Iterator[Fault]:
        yield from port_conflicts(self, self.port)
        if "timeout" in self.retry_on and self.tries_timeout <= self.read_timeout:
            yield self.fault(
                "tries_timeout",
                f"must be greater than read_timeout ({self.read_timeout}), or what timed out is never tried elsewhere",
            )
