"""The members of a balancer as its nginx and its agent read them, from what the inventory says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NamedTuple

from slackwater.errors import SettingsError

if TYPE_CHECKING:
    from slackwater.settings.balancer import Balancer
    from slackwater.settings.host import HostSettings

FOREIGN = re.compile(r"[^A-Za-z0-9._-]")
READY_FLOOR = 10
"""Percent of its weight that a host keeps whatever it says of its dependencies."""
PAGE = ("127.0.0.1", 8082)
PORT_ALLOWED = "must be given, such as port=8000: no host of the inventory tells the app's own"

USUAL_WEIGHT, HEAVIEST = 100, 1000
"""A host's share beside those of the others; the agent and nginx's list refuse more than the heaviest."""


class Backend(NamedTuple):
    """`address` may be a host name; a `backup` serves when nobody else can."""

    name: str
    address: str
    port: int
    weight: int = USUAL_WEIGHT
    backup: bool = False


def backends(names: Iterable[str], addresses: Iterable[str], told: Iterable[HostSettings]) -> list[Backend]:
    """The inventory's app hosts, in the order of all three. Raises SettingsError for a host without an app."""
    return [
        Backend(name, address, host.require_app().port, host.weight, host.backup)
        for name, address, host in zip(names, addresses, told, strict=True)
    ]


def members_json(places: Iterable[Backend]) -> str:
    """The text of members.json. Names of hosts are left out, for nginx wants addresses; empty if none is left."""
    members = [{**member, "since": 0, "slow_start": 0} for member in _members(places)]
    return json.dumps({"generation": 1, "members": members}) + "\n" if members else ""


def upstreams_json(balancer: Balancer, places: Iterable[Backend]) -> str:
    """The text of upstreams.json, which the agent of a balancer reads."""
    known = list(places)
    document = {
        "membership": [source for told in balancer.membership for source in _sources(told, known)],
        "checks": balancer.checks.document(tls=balancer.backend_tls is not None),
        "policy": {
            "floor": balancer.floor,
            "ready_floor": READY_FLOOR,
            "slow_start": balancer.slow_start,
            "weight": USUAL_WEIGHT,
        },
        "page": PAGE,
        "writer": balancer.changes,
    }
    return json.dumps(document, indent=2) + "\n"


def is_address(text: str) -> bool:
    """Whether it is an IP literal of either family."""
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _members(places: Iterable[Backend]) -> list[dict[str, Any]]:
    return [{**one._asdict(), "name": FOREIGN.sub("-", one.name)} for one in places if is_address(one.address)]


def _sources(told: Any, places: list[Backend]) -> Iterator[dict[str, Any]]:
    """A host that the inventory knows by name alone is looked up, again and again."""
    port = places[0].port if places else told.port
    if told.kind != "inventory" and port is None:
        raise SettingsError(told.fault("port", PORT_ALLOWED).message)
    yield told.document(port, _members(places))
    if told.kind == "inventory":
        for one in places:
            if not is_address(one.address):
                yield {"kind": "dns", "name": one.address, "port": one.port, "interval": told.interval, **_share(one)}


def _share(one: Backend) -> dict[str, Any]:
    """Of what every address of a name is told, that which is not the usual."""
    weight = {"weight": one.weight} if one.weight != USUAL_WEIGHT else {}
    return {**weight, "backup": True} if one.backup else weight
