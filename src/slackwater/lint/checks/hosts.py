"""Hosts, groups and the ports between them."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from slackwater.lint.fleet import APP, BALANCER, Fleet, Host
from slackwater.settings import App, Fault
from slackwater.settings._base import shown
from slackwater.settings.host import RESERVED
from slackwater.settings.members import PORT_ALLOWED

SHARE_UNREAD = "must be left out: no balancer of this inventory has Membership.inventory(), so nothing reads it"
SHARE_ELSEWHERE = f"must be left out: only hosts of the group {APP} have a share of the requests"


def names_hold_their_types(fleet: Fleet) -> Iterator[Fault]:
    """`app = "shop"` would only fail on the host, in the middle of a converge."""
    for host in fleet.hosts:
        for fault in host.type_faults():
            yield host.fault(fault.field, host.data.get(fault.field), fault.allowed)


def settings_have_their_names(fleet: Fleet) -> Iterator[Fault]:
    """`balancers = Balancer(…)` would be read by nothing, and the defaults would be deployed."""
    read = {id(value) for host in fleet.hosts for value in host.read()}
    for host in fleet.hosts:
        for name, value in host.data.items():
            wanted = next((known for known, kind in RESERVED.items() if isinstance(value, kind)), None)
            if wanted and id(value) not in read and get_close_matches(name, [wanted]):
                allowed = f"must be named {wanted}: nothing reads {name}"
                yield Fault(value.origin.relative_file(), value.origin.line, name, shown((), value), allowed)


def fleet_has_hosts(fleet: Fleet) -> Iterator[Fault]:
    if fleet.is_whole and not fleet.hosts:
        yield Fault(fleet.inventory, None, "hosts", "[]", f"must name at least one host, as in {APP} = ['app-1']")


def app_hosts_have_an_app(fleet: Fleet) -> Iterator[Fault]:
    lacking = [host.name for host in fleet.of(APP) if host.data.get("app") is None]
    if fleet.is_whole and lacking:
        allowed = f"is missing for {', '.join(lacking)}: group_data/{APP}.py must declare app = App(…)"
        yield Fault(fleet.inventory, None, "app", None, allowed)


def host_has_one_app(fleet: Fleet) -> Iterator[Fault]:
    """The later group wins: the other app would silently not run."""
    for host in fleet.hosts:
        offers = {group: app for group, app in host.offers.items() if isinstance(app, App) and app.is_sound}
        names = {app.name for app in offers.values()}
        if len(names) > 1:
            told = ", ".join(f"{app.name} by group {group}" for group, app in offers.items())
            *_, last = offers.values()
            yield last.fault("name", f"must be the only app of a host, but the same host is told {told}")


def balancer_has_app_hosts(fleet: Fleet) -> Iterator[Fault]:
    """The inventory's, or a group's or a DNS name's, which come and go and stand in no inventory."""
    if not fleet.is_whole or fleet.of(APP):
        return
    alone = [host for host in fleet.of(BALANCER) if _knows_only_the_inventory(host)]
    if alone:
        names = ", ".join(host.name for host in alone)
        allowed = f"must have at least one host: the balancer {names} has nobody to send requests to"
        yield Fault(fleet.inventory, None, APP, "[]", allowed)
    yield from _ports_are_given(fleet)


def _knows_only_the_inventory(host: Host) -> bool:
    return host.balancer.is_sound and all(
        source.is_sound and source.kind == "inventory" for source in host.balancer.membership
    )


def _ports_are_given(fleet: Fleet) -> Iterator[Fault]:
    """The app's own port is told by its hosts in the inventory."""
    sources = {id(source): source for host in fleet.of(BALANCER) for source in host.balancer.membership}
    for source in sources.values():
        if source.is_sound and source.kind != "inventory" and source.port is None:
            yield source.fault("port", PORT_ALLOWED)


def shares_are_read(fleet: Fleet) -> Iterator[Fault]:
    """A weight or backup that no balancer learns would be taken for one that works."""
    if not fleet.is_whole or fleet.is_instance:
        return
    read = any(map(_takes_the_inventory, fleet.of(BALANCER)))
    for host in fleet.hosts:
        for name in ("weight", "backup"):
            value = host.data.get(name)
            if value is None:
                continue
            if APP in host.groups and not read:
                yield host.fault(name, value, SHARE_UNREAD)
            elif APP not in host.groups and host.is_told_alone(name):
                yield host.fault(name, value, SHARE_ELSEWHERE)


def _takes_the_inventory(host: Host) -> bool:
    """One that has faults may well do so; they are told already."""
    sources = host.balancer.membership
    return not host.balancer.is_sound or any(not each.is_sound or each.kind == "inventory" for each in sources)


def ports_differ(fleet: Fleet) -> Iterator[Fault]:
    """Two servers on one port: whichever comes second would not start."""
    for host in fleet.of(BALANCER):
        if APP in host.groups and host.app and host.app.port == host.balancer.port:
            allowed = f"must differ from balancer.port: {host.name} is in both groups, and both would listen there"
            yield host.app.fault("port", allowed)


def balancer_passes_what_the_app_takes(fleet: Fleet) -> Iterator[Fault]:
    """A larger limit on the app's own VM would never be reached."""
    for host in fleet.running(APP):
        for balancer in fleet.of(BALANCER):
            yield from _tighter(host, balancer)


def _tighter(host: Host, balancer: Host) -> Iterator[Fault]:
    for field in ("body_limit", "read_timeout", "send_timeout"):
        limit = getattr(balancer.balancer, field)
        if host.app and getattr(host.app.nginx, field) > limit:
            yield host.app.nginx.fault(field, f"must be at most balancer.{field} ({limit}), which requests meet first")
