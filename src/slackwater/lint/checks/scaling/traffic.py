"""Traffic: who sends requests to the instances, and whose word replaces them."""

from __future__ import annotations

from collections.abc import Iterator

from slackwater.lint.fleet import APP, BALANCER, Fleet
from slackwater.lint.scaling import Scaling, balancers, scaling
from slackwater.settings import Balancer, Fault, Membership

OWN_READY = "/.slackwater/ready"


def balancers_know_the_group(fleet: Fleet) -> Iterator[Fault]:
    """A balancer that follows another group, or the group's name in another region, sends the instances nothing."""
    for each in scaling(fleet):
        for balancer in balancers(fleet) if APP in each.group.groups else ():
            yield from _membership(each, balancer)


def _membership(each: Scaling, balancer: Balancer) -> Iterator[Fault]:
    name, region = each.group.name, each.group.region
    sources = [source for source in balancer.membership if source.is_sound and source.kind == "auto_scaling"]
    if any(name in source.names and source.region == region for source in sources):
        return
    wrong = next((source for source in sources if name in source.names), None)
    if wrong:
        yield wrong.fault("region", f"must be that of the scaling group {name} ({region})")
    elif sources:
        yield sources[0].fault("names", f"must have the scaling group {name!r} among them")
    elif not each.group.target_groups and not any(_by_name(source) for source in balancer.membership):
        allowed = f'must have Membership.auto_scaling("{name}", region="{region}") for the scaling group'
        yield balancer.fault("membership", allowed)


def _by_name(source: Membership) -> bool:
    """A DNS name may well be one that follows the group."""
    return source.is_sound and source.kind == "dns"


def instances_get_requests(fleet: Fleet) -> Iterator[Fault]:
    for each in scaling(fleet):
        if APP in each.group.groups and not each.group.target_groups and not fleet.of(BALANCER) and fleet.is_whole:
            allowed = "must have a TargetGroup(…), or the inventory a host of the group balancer: nobody sends requests"
            yield each.fault("target_groups", allowed)


def elb_health_has_a_target_group(fleet: Fleet) -> Iterator[Fault]:
    """AWS would call every instance healthy for ever."""
    for each in scaling(fleet):
        if each.group.health.kind == "ELB" and not each.group.target_groups:
            yield each.fault("health.kind", "must be 'EC2' without target_groups: no load balancer looks")


def target_ports_are_the_apps(fleet: Fleet) -> Iterator[Fault]:
    for each in scaling(fleet):
        for target in each.target_groups:
            if each.app and target.port != each.app.port:
                yield target.fault("port", f"must be the port of the app {each.app.name} ({each.app.port})")


def target_protocols_are_the_apps(fleet: Fleet) -> Iterator[Fault]:
    """With one side alone every check of the load balancer fails, and no instance is ever healthy."""
    for each in scaling(fleet):
        for target in each.target_groups:
            wanted = "HTTPS" if each.app and each.app.nginx.tls else "HTTP"
            if each.app and target.protocol not in (wanted, "TCP"):
                how = "speaks TLS" if wanted == "HTTPS" else "speaks plain HTTP"
                yield target.fault("protocol", f"must be {wanted!r} or 'TCP': the app's nginx {how}")


def replacing_asks_no_dependency(fleet: Fleet) -> Iterator[Fault]:
    """A database that is away for a minute would have every instance replaced, and none of the new ones in service."""
    for each in scaling(fleet):
        if each.app is None:
            continue
        asked = {OWN_READY, each.app.health.ready} - {each.app.health.live}
        for target in each.target_groups:
            if target.health_path in asked:
                allowed = f"must be the live path ({each.app.health.live}), or None: readiness asks dependencies"
                yield target.fault("health_path", allowed)


def load_balancer_meets_the_balancers(fleet: Fleet) -> Iterator[Fault]:
    """A port on which no balancer listens has no healthy target."""
    for each in scaling(fleet):
        front = each.group.load_balancer
        for balancer in balancers(fleet) if front else ():
            open_ports = {balancer.port} | ({balancer.https_port} if balancer.tls else set())
            if front and not set(front.ports) <= open_ports:
                listed = ", ".join(map(str, sorted(open_ports)))
                yield front.fault("ports", f"must be among the ports of the balancers ({listed})")
