"""Health checks of target groups where instances are machines: each target is asked, as a load balancer asks it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any

from slackwater.lab.cloud.moto import LOCK
from slackwater.lab.cloud.targets import Target, Targets

PACE = 1.0
"""Seconds between two looks at who is due; no interval is shorter than five."""
AT_ONCE = 16
MISMATCH, TIMEOUT, FAILED = "Target.ResponseCodeMismatch", "Target.Timeout", "Target.FailedHealthChecks"
AGENT = {"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"}

Values = dict[str, Any]


class Probes:
    """`address_of` is an instance's; whoever has none is not asked."""

    def __init__(self, targets: Targets, address_of: Callable[[str], str | None], clock: Callable[[], float]) -> None:
        self.targets, self.address_of, self.clock = targets, address_of, clock
        self._next = 0.0
        self._pool = ThreadPoolExecutor(AT_ONCE)

    def tick(self) -> None:
        """Called under the cloud's lock; who answers slowly holds nobody up."""
        if self.clock() < self._next:
            return
        self._next = self.clock() + PACE
        for target, group in self.targets.to_ask():
            if not target.is_being_asked and self.clock() >= target.due:
                target.due = self.clock() + group["HealthCheckIntervalSeconds"]
                self._begin(target, group)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _begin(self, target: Target, group: Values) -> None:
        if address := self.address_of(target.id):
            target.is_being_asked = True
            self._pool.submit(self._ask, target, group, address)

    def _ask(self, target: Target, group: Values, address: str) -> None:
        complaint = ask(group, address, target.port)
        with LOCK:
            target.is_being_asked = False
            self.targets.looked_at(target, group, complaint)


def ask(group: Values, address: str, port: int) -> str | None:
    """The reason code of what is wrong; None when the target passes. Redirects are not followed."""
    own = str(group.get("HealthCheckPort") or "traffic-port")
    port, limit = port if own == "traffic-port" else int(own), float(group["HealthCheckTimeoutSeconds"])
    try:
        if group["HealthCheckProtocol"] not in ("HTTP", "HTTPS"):
            socket.create_connection((address, port), limit).close()
            return None
        connection = _connection(group["HealthCheckProtocol"], address, port, limit)
        connection.request("GET", group.get("HealthCheckPath") or "/", headers=AGENT)
        status = connection.getresponse().status
        connection.close()
    except TimeoutError:
        return TIMEOUT
    except (OSError, HTTPException):
        return FAILED
    return None if _matches(status, group.get("Matcher", {}).get("HttpCode") or "200") else MISMATCH


def _connection(protocol: str, address: str, port: int, limit: float) -> HTTPConnection:
    if protocol == "HTTP":
        return HTTPConnection(address, port, timeout=limit)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # a load balancer verifies no target
    return HTTPSConnection(address, port, timeout=limit, context=context)


def _matches(status: int, codes: str) -> bool:
    """`200`, `200,202` or `200-299`."""
    ranges = [each.partition("-") for each in codes.split(",")]
    return any(int(low) <= status <= int(high or low) for low, _, high in ranges)
