"""One port of the Network Load Balancer: its listener, its target group, and the balancers registered there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slackwater.aws.call import Call, Ref, Wait, drift
from slackwater.aws.clients import Clients
from slackwater.aws.tags import MANAGED
from slackwater.aws.target_group import (
    FoundTargetGroup,
    WantedTargetGroup,
    arn,
    observe_target_group,
    plan_target_group,
)
from slackwater.settings import NetworkLoadBalancer, ScalingGroup
from slackwater.settings.edge import Edge

INTERVAL, TIMEOUT, RISE, FALL = 10, 5, 2, 2
"""Seconds, seconds, times, times: a balancer that is gone gets new connections for 20 s at most. TCP is asked, not a
path: a path is the app's, and no balancer must be taken out because the app is down everywhere."""

HEALTHY_WITHIN = 900
"""Seconds: a Network Load Balancer takes minutes until it believes a new target; one that never answers must not hold
apply for ever, and the former ones stay."""


@dataclass(frozen=True)
class FoundListener:
    arn: str
    protocol: str
    target_group: str | None


@dataclass(frozen=True)
class Port:
    """`targets` are the instances that are registered and stay so."""

    listener: FoundListener | None = None
    target_group: FoundTargetGroup | None = None
    targets: tuple[str, ...] = ()


def wanted_port(declared: NetworkLoadBalancer, port: int, edge: Edge | None) -> WantedTargetGroup:
    """The target group of a port; `edge` says how the balancers learn who the client is."""
    by_header = edge is not None and edge.proxy_protocol
    settings = {
        "Protocol": "TCP",
        "Port": port,
        "VpcId": declared.vpc,
        "TargetType": "instance",
        "HealthCheckProtocol": "TCP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckIntervalSeconds": INTERVAL,
        "HealthCheckTimeoutSeconds": TIMEOUT,
        "HealthyThresholdCount": RISE,
        "UnhealthyThresholdCount": FALL,
    }
    attributes = {
        "deregistration_delay.timeout_seconds": str(declared.deregistration_delay),
        "proxy_protocol_v2.enabled": "true" if by_header else "false",
        # nginx believes the header of a trusted proxy only: with the client as sender it would believe nobody.
        "preserve_client_ip.enabled": "false" if by_header else "true",
    }
    return WantedTargetGroup(declared.target_group_name(port), settings, attributes)


def observe_ports(clients: Clients, declared: NetworkLoadBalancer, load_balancer: str | None) -> dict[int, Port]:
    """The declared ones, and those that the load balancer listens on."""
    listeners = _observe_listeners(clients, load_balancer) if load_balancer else {}
    ports = sorted({*declared.ports, *listeners})
    return {port: _observe(clients, declared.target_group_name(port), listeners.get(port)) for port in ports}


def _observe_listeners(clients: Clients, load_balancer: str) -> dict[int, FoundListener]:
    described = clients.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=load_balancer)
    return {each["Port"]: FoundListener(each["ListenerArn"], each["Protocol"], _forward(each)) for each in described}


def _forward(listener: Mapping[str, Any]) -> str | None:
    actions = listener.get("DefaultActions", [])
    return next((action.get("TargetGroupArn") for action in actions if action["Type"] == "forward"), None)


def _observe(clients: Clients, name: str, listener: FoundListener | None) -> Port:
    found = observe_target_group(clients, name)
    return Port(listener, found, _targets(clients, found.arn) if found else ())


def _targets(clients: Clients, target_group: str) -> tuple[str, ...]:
    described = clients.ask("elbv2", "describe_target_health", TargetGroupArn=target_group)["TargetHealthDescriptions"]
    return tuple(sorted(each["Target"]["Id"] for each in described if each["TargetHealth"]["State"] != "draining"))


def plan_port(
    group: ScalingGroup,
    declared: NetworkLoadBalancer,
    port: int,
    found: Port,
    *,
    load_balancer: str | Ref,
    edge: Edge | None,
) -> list[Call]:
    """The listener comes last: before that nothing reaches a target group without targets."""
    wanted = wanted_port(declared, port, edge)
    target_group = arn(wanted.name, found.target_group)
    return [
        *plan_target_group(group, wanted, found.target_group),
        *_registration(declared, target_group, found),
        *_listener(port, load_balancer, target_group, found.listener),
    ]


def _registration(declared: NetworkLoadBalancer, target_group: str | Ref, found: Port) -> list[Call]:
    """New ones first, and until they answer: in between, one balancer too many rather than none."""
    wanted = sorted(declared.balancer_instances)
    missing = [instance for instance in wanted if instance not in found.targets]
    surplus = [instance for instance in found.targets if instance not in wanted]
    calls = []
    if missing:
        calls.append(_targets_call("register_targets", target_group, missing, "not registered"))
    # AWS asks nobody in a target group that no listener forwards to.
    if surplus and found.listener and found.listener.target_group == target_group:
        calls.append(_until_healthy(target_group, wanted))
    if surplus:
        calls.append(_targets_call("deregister_targets", target_group, surplus, "no longer declared"))
    return calls


def _until_healthy(target_group: str | Ref, instances: list[str]) -> Call:
    """A call of its own: an apply that broke off after the registration waits all the same."""
    asked = {"TargetGroupArn": target_group, "Targets": [{"Id": instance} for instance in instances]}
    sick = "length(TargetHealthDescriptions[?TargetHealth.State != 'healthy'])"
    wait = Wait("describe_target_health", asked, sick, 0, "balancers that do not answer yet", HEALTHY_WITHIN)
    return Call("elbv2", "describe_target_health", asked, f"{', '.join(instances)}: must answer first", wait=wait)


def _targets_call(method: str, target_group: str | Ref, instances: list[str], why: str) -> Call:
    arguments = {"TargetGroupArn": target_group, "Targets": [{"Id": instance} for instance in instances]}
    return Call("elbv2", method, arguments, f"{', '.join(instances)}: {why}")


def _listener(port: int, load_balancer: str | Ref, target_group: str | Ref, found: FoundListener | None) -> list[Call]:
    settings = {"Protocol": "TCP", "DefaultActions": [{"Type": "forward", "TargetGroupArn": target_group}]}
    if found is None:
        arguments = {"LoadBalancerArn": load_balancer, "Port": port, **settings}
        return [Call("elbv2", "create_listener", arguments, f"port {port}: new")]
    changes = drift({"Protocol": "TCP"}, {"Protocol": found.protocol})
    if found.target_group != target_group:
        changes.append("it forwards to another target group")
    arguments = {"ListenerArn": found.arn, **settings}
    return [Call("elbv2", "modify_listener", arguments, f"port {port}: {'; '.join(changes)}")] if changes else []


def surplus_ports(group: ScalingGroup, declared: NetworkLoadBalancer, found: Mapping[int, Port]) -> list[Call]:
    """First the listener: AWS refuses to delete a target group that one forwards to."""
    surplus = [port for port in found if port not in declared.ports]
    return [call for port in surplus for call in delete_port(group, port, found[port], "no longer declared")]


def delete_port(group: ScalingGroup, port: int, found: Port, reason: str) -> list[Call]:
    calls = []
    if found.listener:
        calls.append(Call("elbv2", "delete_listener", {"ListenerArn": found.listener.arn}, f"port {port}: {reason}"))
    if found.target_group and found.target_group.tags.get(MANAGED) == group.name:
        arguments = {"TargetGroupArn": found.target_group.arn}
        reason = f"{found.target_group.name}: {reason}"
        # For some seconds AWS still takes it for one that the listener forwards to.
        calls.append(Call("elbv2", "delete_target_group", arguments, reason, again=("ResourceInUse",)))
    return calls
