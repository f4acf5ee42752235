"""Which names and addresses a lab has: all of them follow from its name, its number and the names of its hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network

from slackwater.errors import LabError

WIDE = IPv4Network("10.77.0.0/16")  # every lab and every uplink of this machine
LABS = 64  # each takes a /30 of the one /24 of uplinks
METADATA = "169.254.169.254"

GROUPS = ("app", "worker", "balancer", "cache")
INSTANCE = "instance"  # hosts that the lab's cloud makes and takes away; nobody asks for a number of them
# First host number and how many: an address says which host it is, and no host ever changes it.
_RANGES = {"app": (10, 99), "worker": (110, 49), INSTANCE: (160, 49), "balancer": (210, 39), "cache": (1, 9)}
_MOVING = 254  # beyond every host's
_LAB_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


@dataclass(frozen=True)
class Network:
    """A /24 with a bridge and gateway in a namespace of its own, and a cable (/30) from there to this machine."""

    name: str
    number: int

    @property
    def subnet(self) -> IPv4Network:
        return IPv4Network(f"10.77.{self.number}.0/24")

    @property
    def cable(self) -> IPv4Network:
        return IPv4Network(f"10.77.255.{4 * self.number}/30")

    @property
    def gateway(self) -> str:
        return str(self.subnet[1])

    @property
    def machine_side(self) -> str:
        return str(self.cable[1])

    @property
    def fabric_side(self) -> str:
        return str(self.cable[2])

    @property
    def uplink(self) -> str:
        """The cable's end on this machine; interface names end at 15 characters."""
        return f"slackwater{self.number}"

    @property
    def fabric(self) -> str:
        return self.namespace("fabric")

    def namespace(self, host: str) -> str:
        """The dot keeps the namespaces of the labs `a` and `a-b` apart: no lab's name has one."""
        return f"slackwater-{self.name}.{host}"

    def address(self, host: str) -> str:
        group, ordinal = split(host)
        return str(self.subnet[_RANGES[group][0] + ordinal])

    def moving(self, hosts: Iterable[str]) -> str | None:
        """The address that the balancers among the hosts share; one balancer alone has no need of it."""
        balancers = [host for host in hosts if split(host)[0] == "balancer"]
        return str(self.subnet[_MOVING]) if len(balancers) > 1 else None

    def hardware(self, host: str) -> str:
        """The same for ever: a neighbour that still knows an old one would not reach a host that was started again."""
        return _hardware(self.address(host))

    @property
    def gateway_hardware(self) -> str:
        """A bridge without one has that of a host's cable, and when that host goes the others ask nobody for up to a
        minute: neither AWS nor their metadata."""
        return _hardware(self.gateway)


def _hardware(address: str) -> str:
    return "02:00:" + ":".join(f"{int(part):02x}" for part in address.split("."))


def split(host: str) -> tuple[str, int]:
    """("app", 2) of "app-2"."""
    group, _, ordinal = host.rpartition("-")
    if group not in _RANGES or not ordinal.isdecimal() or int(ordinal) < 1:
        raise LabError(f"{host!r} is no host's name: it is a group ({', '.join(GROUPS)}) and a number, such as app-1")
    return group, int(ordinal)


def most(group: str) -> int:
    return _RANGES[group][1]


def names(group: str, count: int) -> list[str]:
    if not 0 <= count <= most(group):
        raise LabError(f"{count} hosts in group {group}: a lab has 0 to {most(group)} of them")
    return [f"{group}-{ordinal}" for ordinal in range(1, count + 1)]


def check_lab_name(name: str) -> str:
    if not _LAB_NAME.fullmatch(name):
        raise LabError(f"{name!r} is no lab's name: a small letter, then at most 30 small letters, digits and dashes")
    return name


def free_number(taken: set[int], routes: list[str]) -> int:
    """The lowest number whose addresses no other lab and no route of this machine has."""
    there = [ip_network(route) for route in routes]
    for number in range(LABS):
        network = Network("", number)
        if number not in taken and not any(r.overlaps(network.subnet) or r.overlaps(network.cable) for r in there):
            return number
    ours = [str(route) for route in there if route.overlaps(WIDE)]
    raise LabError(
        f"No network is free for a lab: {len(taken)} of at most {LABS} labs exist, and this machine's routes to "
        f"{', '.join(ours) or 'other networks'} take what is left of {WIDE}. Remove a lab "
        "(`slackwater lab down --name NAME`) or the route."
    )
