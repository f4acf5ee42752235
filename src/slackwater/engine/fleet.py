"""The other hosts of the fleet, as a role sees them: from the inventory, without asking them."""

from __future__ import annotations

from typing import Any

from pyinfra import host
from pyinfra.api import Host
from pyinfra.api.exceptions import NoGroupError


def hosts_of(group: str) -> list[Host]:
    """The group's hosts by name, so that every run renders the same file; none when there is no such group."""
    try:
        return sorted(host.state.inventory.get_group(group), key=lambda member: str(member.name))
    except NoGroupError:
        return []


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


def _address(member: Host) -> str:
    return str(member.data.get("address") or member.data.get("ssh_hostname") or member.name)
