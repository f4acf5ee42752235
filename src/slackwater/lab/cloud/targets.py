"""Who is registered in a target group and how it is: moto calls every target healthy for ever."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from slackwater.lab.cloud.errors import AwsError, invalid
from slackwater.lab.cloud.wire.service import Arguments

KNOWN_ATTRIBUTES = frozenset(
    {
        "deregistration_delay.timeout_seconds",
        "deregistration_delay.connection_termination.enabled",
        "stickiness.enabled",
        "stickiness.type",
        "stickiness.lb_cookie.duration_seconds",
        "stickiness.app_cookie.cookie_name",
        "stickiness.app_cookie.duration_seconds",
        "slow_start.duration_seconds",
        "load_balancing.algorithm.type",
        "load_balancing.algorithm.anomaly_mitigation",
        "load_balancing.cross_zone.enabled",
        "preserve_client_ip.enabled",
        "proxy_protocol_v2.enabled",
        "target_group_health.dns_failover.minimum_healthy_targets.count",
        "target_group_health.dns_failover.minimum_healthy_targets.percentage",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        "target_health_state.unhealthy.connection_termination.enabled",
        "target_health_state.unhealthy.draining_interval_seconds",
    }
)
"""ELBv2's API reference, TargetGroupAttribute."""
DELAY = "deregistration_delay.timeout_seconds"


@dataclass
class Target:
    """`state` is what a test says of it; `until` ends its draining, by the cloud's clock."""

    id: str
    port: int
    state: str = "healthy"
    reason: str | None = None
    until: float | None = None


class Targets:
    """ELBv2's operations on registered targets and on what moto accepts without looking."""

    def __init__(self, elbv2: Callable[[], Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._elbv2, self.clock = elbv2, clock
        self._targets: dict[str, dict[tuple[str, int], Target]] = {}

    def register_targets(self, asked: Arguments) -> None:
        group = self._group(asked["TargetGroupArn"])
        books = self._targets.setdefault(asked["TargetGroupArn"], {})
        for each in asked["Targets"]:
            port = each.get("Port", group.get("Port", 0))
            books[each["Id"], port] = Target(each["Id"], port)

    def deregister_targets(self, asked: Arguments) -> None:
        self._group(asked["TargetGroupArn"])
        delay = self.delay(asked["TargetGroupArn"])
        for each in asked["Targets"]:
            for target in self._targets.get(asked["TargetGroupArn"], {}).values():
                if target.id == each["Id"] and each.get("Port", target.port) == target.port and target.until is None:
                    target.until = self.clock() + delay

    def describe_target_health(self, asked: Arguments) -> Mapping[str, Any]:
        arn = asked["TargetGroupArn"]
        group = self._group(arn)
        there = self.registered(arn)
        wanted = {each["Id"] for each in asked.get("Targets", [])}
        found = [self._describe(each, group) for each in there if not wanted or each.id in wanted]
        missing = wanted - {each.id for each in there}
        found += [_unused({"Id": each}, "Target.NotRegistered") for each in sorted(missing)]
        return {"TargetHealthDescriptions": found}

    def modify_target_group_attributes(self, asked: Arguments) -> Mapping[str, Any]:
        for each in asked["Attributes"]:
            if each["Key"] not in KNOWN_ATTRIBUTES:
                raise invalid(f"Target group attribute key '{each['Key']}' is not recognized")
        return _body(self._elbv2().modify_target_group_attributes(**asked))

    def delete_target_group(self, asked: Arguments) -> Mapping[str, Any]:
        try:
            answer = self._elbv2().delete_target_group(**asked)
        except ClientError as error:
            raise AwsError(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
        self._targets.pop(asked["TargetGroupArn"], None)
        return _body(answer)

    def registered(self, arn: str) -> list[Target]:
        """With those that still drain."""
        books = self._targets.get(arn, {})
        for key in [key for key, each in books.items() if each.until is not None and each.until <= self.clock()]:
            del books[key]
        return list(books.values())

    def say(self, arn: str, identity: str, state: str, reason: str | None = None) -> None:
        """What the health check sees from now on: healthy, unhealthy or initial."""
        for target in self._targets.get(arn, {}).values():
            if target.id == identity:
                target.state, target.reason = state, reason

    def forget(self, identity: str) -> None:
        """An instance that is gone is no target any more."""
        for books in self._targets.values():
            for key in [key for key in books if key[0] == identity]:
                del books[key]

    def delay(self, arn: str) -> float:
        attributes = self._elbv2().describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
        return float({each["Key"]: each["Value"] for each in attributes}.get(DELAY, 300))

    def _group(self, arn: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self._elbv2().describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
        except ClientError as error:
            raise AwsError("TargetGroupNotFound", f"Target groups '{arn}' not found") from error
        return found

    def _describe(self, target: Target, group: dict[str, Any]) -> dict[str, Any]:
        about = {"Id": target.id, "Port": target.port}
        if not group.get("LoadBalancerArns"):
            return _unused(about, "Target.NotInUse")
        if target.until is not None:
            health = {"State": "draining", "Reason": "Target.DeregistrationInProgress"}
        else:
            health = {"State": target.state} | ({"Reason": target.reason} if target.reason else {})
        return {"Target": about, "TargetHealth": health, "HealthCheckPort": _health_port(target, group)}


def _health_port(target: Target, group: dict[str, Any]) -> str:
    port = str(group.get("HealthCheckPort") or "traffic-port")
    return str(target.port) if port == "traffic-port" else port


def _unused(about: dict[str, Any], reason: str) -> dict[str, Any]:
    return {"Target": about, "TargetHealth": {"State": "unused", "Reason": reason}}


def _body(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
