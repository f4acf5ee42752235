"""The other hosts of the fleet, as a role sees them: from the inventory, without asking them."""

from __future__ import annotations

from typing import Any

from pyinfra import host
from pyinfra.api import Host
from pyinfra.api.exceptions import NoGroupError

from slackwater.lint.fleet import APP, INSTANCE, WORKER
from slackwater.settings import HostSettings, WithApp, is_address, resolve


def hosts_of(group: str) -> list[Host]:
    """The group's hosts by name, so that every run renders the same file; none when there is no such group."""
    try:
        return sorted(host.state.inventory.get_group(group), key=lambda member: str(member.name))
    except NoGroupError:
        return []


def told() -> HostSettings:
    """What this host is told; of the app a worker host knows what the group app is told. Raises SettingsError."""
    if WORKER not in host.groups or APP in host.groups:
        return resolve(host.data)
    of_the_app: dict[str, Any] = host.inventory.get_group_data(APP)  # type: ignore[no-untyped-call]
    return resolve(WithApp(host.data, of_the_app))


def runs_beat() -> bool:
    """The scheduler's host: the first worker by name. One that provisions itself is alone in its inventory, and never
    it: there would be as many as there are instances."""
    return not host.data.get(INSTANCE) and names(WORKER)[:1] == [str(host.name)]


def names(group: str) -> list[str]:
    return [str(member.name) for member in hosts_of(group)]


def addresses(group: str) -> list[str]:
    """Where the fleet reaches them: `address` of the inventory, else the one ssh uses, else the name.

    An instance that provisions itself is alone in its inventory, and is told its neighbours' addresses.
    """
    neighbours: dict[str, list[str]] = host.data.get("neighbours") or {}
    return [*(_address(member) for member in hosts_of(group)), *neighbours.get(group, ())]


def data_of(group: str) -> list[Any]:
    return [member.data for member in hosts_of(group)]


def own_address() -> str:
    """This host's own, as its neighbours reach it; empty where the inventory gives only a name."""
    address = _address(host)
    return address if is_address(address) else ""


def _address(member: Host) -> str:
    return str(member.data.get("address") or member.data.get("ssh_hostname") or member.name)
