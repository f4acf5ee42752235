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
INITIAL, LEAVING = "Elb.InitialHealthChecking", "Target.DeregistrationInProgress"
UNUSED, UNKNOWN = "Target.NotInUse", "Target.NotRegistered"
WORDS = {
    INITIAL: "Initial health checks in progress",
    LEAVING: "Target deregistration is in progress",
    UNUSED: "Target group is not configured to receive traffic from the load balancer",
    UNKNOWN: "Target is not registered to the target group",
}
"""Short, as an operator would see them; clients go by the reason."""
DELAY = "deregistration_delay.timeout_seconds"


@dataclass
class Target:
    """`state` is what is known of it; `until` ends its draining and `known` its first checks, by the cloud's clock."""

    id: str
    port: int
    state: str = "healthy"
    reason: str | None = None
    until: float | None = None
    known: float = 0.0
    passed: int = 0
    failed: int = 0
    due: float = 0.0
    is_being_asked: bool = False


class Targets:
    """ELBv2's operations on registered targets and on what moto accepts without looking.

    `lifecycle` False: a target is healthy at once. `are_asked`: it is what its machine answers.
    """

    are_asked = False

    def __init__(
        self, elbv2: Callable[[], Any], clock: Callable[[], float] = time.monotonic, *, lifecycle: bool = False
    ) -> None:
        self._elbv2, self.clock, self.lifecycle = elbv2, clock, lifecycle
        self._targets: dict[str, dict[tuple[str, int], Target]] = {}

    def register_targets(self, asked: Arguments) -> None:
        group = self._group(asked["TargetGroupArn"])
        books = self._targets.setdefault(asked["TargetGroupArn"], {})
        for each in asked["Targets"]:
            port = each.get("Port", group.get("Port", 0))
            books[each["Id"], port] = self._new(each["Id"], port, group)

    def deregister_targets(self, asked: Arguments) -> None:
        self._group(asked["TargetGroupArn"])
        delay = self.delay(asked["TargetGroupArn"])
        for each in asked["Targets"]:
            for target in self._targets.get(asked["TargetGroupArn"], {}).values():
                if target.id == each["Id"] and each.get("Port", target.port) == target.port and target.until is None:
                    target.until = self.clock() + delay

    def leave(self, arn: str, identity: str) -> None:
        """As a group deregisters its members: a target group that is gone has none."""
        if self.has(arn):
            self.deregister_targets({"TargetGroupArn": arn, "Targets": [{"Id": identity}]})

    def has(self, arn: str) -> bool:
        try:
            return bool(self._group(arn))
        except AwsError:
            return False

    def describe_target_health(self, asked: Arguments) -> Mapping[str, Any]:
        arn = asked["TargetGroupArn"]
        group = self._group(arn)
        there = self.registered(arn)
        wanted = {each["Id"] for each in asked.get("Targets", [])}
        found = [self._describe(each, group) for each in there if not wanted or each.id in wanted]
        missing = wanted - {each.id for each in there}
        found += [_unused({"Id": each}, UNKNOWN) for each in sorted(missing)]
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
                target.state, target.reason, target.known = state, reason, self.clock()

    def forget(self, identity: str) -> None:
        """An instance that is gone is no target any more."""
        for books in self._targets.values():
            for key in [key for key in books if key[0] == identity]:
                del books[key]

    def to_ask(self) -> list[tuple[Target, dict[str, Any]]]:
        """Of target groups that a load balancer uses, with their groups; who drains is asked no more."""
        groups = [self._group(arn) for arn in list(self._targets)]
        used = [group for group in groups if group.get("LoadBalancerArns")]
        return [(each, group) for group in used for each in self.registered(group["TargetGroupArn"]) if not each.until]

    def looked_at(self, target: Target, group: Mapping[str, Any], complaint: str | None) -> None:
        """A new target needs one success; whoever was unhealthy, or is healthy, needs its group's number of either."""
        if complaint is None:
            target.passed, target.failed = target.passed + 1, 0
            if target.state == "initial" or target.passed >= group["HealthyThresholdCount"]:
                target.state, target.reason = "healthy", None
        else:
            target.passed, target.failed = 0, target.failed + 1
            if target.failed >= group["UnhealthyThresholdCount"]:
                target.state, target.reason = "unhealthy", complaint

    def _new(self, identity: str, port: int, group: Mapping[str, Any]) -> Target:
        if self.are_asked:
            return Target(identity, port, "initial", INITIAL)
        seconds = group["HealthCheckIntervalSeconds"] if self.lifecycle else 0.0
        return Target(identity, port, known=self.clock() + seconds)

    def is_draining(self, identity: str) -> bool:
        """In any target group that a load balancer uses: of others nobody waits for the end."""
        return any(
            each.id == identity and each.until is not None
            for arn in list(self._targets)
            for each in self.registered(arn)
            if self._group(arn).get("LoadBalancerArns")
        )

    def fails(self, arn: str, identity: str) -> bool:
        """Whether the target group's health check says that it is unhealthy."""
        return self._says(arn, identity, "unhealthy")

    def passes(self, arn: str, identity: str) -> bool:
        return self._says(arn, identity, "healthy")

    def _says(self, arn: str, identity: str, state: str) -> bool:
        """Of a target group that is there, and that a load balancer uses."""
        if not self.has(arn) or not self._group(arn).get("LoadBalancerArns"):
            return False
        asked = [each for each in self.registered(arn) if each.id == identity and self.clock() >= each.known]
        return any(each.state == state for each in asked)

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
            return _unused(about, UNUSED)
        if target.until is not None:
            health = {"State": "draining", "Reason": LEAVING, "Description": WORDS[LEAVING]}
        elif self.clock() < target.known:
            health = {"State": "initial", "Reason": INITIAL, "Description": WORDS[INITIAL]}
        else:
            health = {"State": target.state} | ({"Reason": target.reason} if target.reason else {})
        return {"Target": about, "TargetHealth": health, "HealthCheckPort": _health_port(target, group)}


def _health_port(target: Target, group: dict[str, Any]) -> str:
    port = str(group.get("HealthCheckPort") or "traffic-port")
    return str(target.port) if port == "traffic-port" else port


def _unused(about: dict[str, Any], reason: str) -> dict[str, Any]:
    return {"Target": about, "TargetHealth": {"State": "unused", "Reason": reason, "Description": WORDS[reason]}}


def _body(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
