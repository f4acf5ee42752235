"""A host as a VRRP router: its number in the network, its interface, its peers and its rank among them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from pyinfra import host
from pyinfra.api import FactBase

from slackwater.engine.fleet import addresses
from slackwater.engine.memory import ask
from slackwater.engine.operations import refuse

FIRST = 100
"""Priority of the first host; each that follows has one less."""
MOST = 20
"""Hosts: with more, the last of them would lose the address to the first though both are well."""


class Interfaces(FactBase[dict[str, str] | None]):
    """Which interface has each of the host's addresses."""

    def command(self) -> str:
        return "ip -j address show; echo end"

    @staticmethod
    def default() -> dict[str, str] | None:
        return None

    def process(self, output: Iterable[str]) -> dict[str, str] | None:
        *lines, _ = output
        listed = json.loads("".join(lines) or "[]")
        return {entry["local"]: link["ifname"] for link in listed for entry in link["addr_info"] if "local" in entry}


@dataclass(frozen=True)
class Router:
    """RFC 5798's words; `number` is the virtual router's, `interface` is the one that has `own`."""

    number: int
    interface: str
    own: str
    peers: tuple[str, ...]
    priority: int
    gain: int = MOST
    """What the host that has the address is above its priority."""
    loss: int = 3 * MOST
    """What a host whose nginx is silent is below it, the address or not."""


def router(group: str, moving: str) -> Router | None:
    """The current host, one of the group that shares the address `moving`; None when it was refused or does not answer.

    Neighbours with another moving address have another number, so that one network can hold several fleets.
    """
    interfaces: dict[str, str] | None = ask(Interfaces)
    if interfaces is None:
        return None
    everyone = addresses(group)
    if fault := _fault(everyone, interfaces, moving):
        refuse(name="VRRP", sentence=f"{host.name}: {fault}")
        return None
    rank, own = next((rank, address) for rank, address in enumerate(everyone) if address in interfaces)
    peers = tuple(address for address in everyone if address != own)
    return Router(int(ip_address(moving)) % 255 + 1, interfaces[own], own, peers, FIRST - rank)


def _fault(everyone: list[str], interfaces: dict[str, str], moving: str) -> str:
    """Why it cannot be, and what to do; empty when it can."""
    remedy = 'say in the inventory which address the fleet uses: {"address": "10.0.1.10"}'
    if unknown := [address for address in everyone if _version(address) != _version(moving)]:
        version = _version(moving)
        return f"balancer.address is {moving}, but {', '.join(unknown)} is no IPv{version} address; {remedy}"
    if not set(everyone) & set(interfaces):
        return f"no interface has {' or '.join(everyone)}; {remedy}"
    if moving in everyone:
        return f"balancer.address {moving} is a balancer's own address; it must be one that no host has"
    if len(everyone) > MOST:
        return f"{len(everyone)} balancers share balancer.address; at most {MOST} can"
    return ""


def _version(address: str) -> int:
    """0 of what is no address but a name."""
    try:
        return ip_address(address).version
    except ValueError:
        return 0
