"""The members of a balancer as its nginx and its agent read them, from what the inventory says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from slackwater.errors import SettingsError

if TYPE_CHECKING:
    from slackwater.settings.balancer import Balancer

FOREIGN = re.compile(r"[^A-Za-z0-9._-]")
READY_FLOOR = 10
"""Percent of its weight that a host keeps whatever it says of its dependencies."""
PAGE = ("127.0.0.1", 8082)
PORT_ALLOWED = "must be given, such as port=8000: no host of the inventory tells the app's own"

Place = tuple[str, str, int]
"""Name, address or host name, port."""


def members_json(places: Iterable[Place]) -> str:
    """The text of members.json. Names of hosts are left out, for nginx wants addresses; empty if none is left."""
    members = [{**member, "since": 0, "slow_start": 0} for member in _members(places)]
    return json.dumps({"generation": 1, "members": members}) + "\n" if members else ""


def upstreams_json(balancer: Balancer, places: Iterable[Place]) -> str:
    """The text of upstreams.json, which the agent of a balancer reads."""
    known = list(places)
    document = {
        "membership": [source for told in balancer.membership for source in _sources(told, known)],
        "checks": balancer.checks.document(tls=balancer.backend_tls is not None),
        "policy": {
            "floor": balancer.floor,
            "ready_floor": READY_FLOOR,
            "slow_start": balancer.slow_start,
            "weight": 100,
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


def _members(places: Iterable[Place]) -> list[dict[str, Any]]:
    return [
        {"name": FOREIGN.sub("-", name), "address": address, "port": port, "weight": 100, "backup": False}
        for name, address, port in places
        if is_address(address)
    ]


def _sources(told: Any, places: list[Place]) -> Iterator[dict[str, Any]]:
    """A host that the inventory knows by name alone is looked up, again and again."""
    port = places[0][2] if places else told.port
    if told.kind != "inventory" and port is None:
        raise SettingsError(told.fault("port", PORT_ALLOWED).message)
    yield told.document(port, _members(places))
    if told.kind == "inventory":
        for _, name, own_port in places:
            if not is_address(name):
                yield {"kind": "dns", "name": name, "port": own_port, "interval": told.interval}
