"""What is seen of a lab from outside: for people as a table, for programs as JSON."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slackwater.lab.fleet import Lab
from slackwater.lab.host import LabHost

COLUMNS = ("name", "group", "address", "suite", "state")

ANSWERS_WITHIN = 1.0
"""Seconds; a balancer that is off answers nothing at all, and nobody wants to wait for that."""


def status(lab: Lab) -> dict[str, Any]:
    """`url` is None without a balancer; `https_url` is None until one speaks TLS."""
    hosts = lab.hosts()
    with ThreadPoolExecutor(len(hosts)) as pool:
        rows = list(pool.map(_row, hosts))
    front = address_of_balancers(hosts)
    url = f"http://{front}/" if front else None
    https_url = f"https://{front}/" if front and speaks_tls(front) else None
    return {"name": lab.name, "url": url, "https_url": https_url, "hosts": rows}


def address_of_balancers(hosts: Sequence[LabHost]) -> str | None:
    """The one that several share, else the only one's own."""
    balancers = [host for host in hosts if host.group == "balancer"]
    return balancers[0].lan.moving(host.name for host in balancers) or balancers[0].address if balancers else None


def speaks_tls(address: str, port: int = 443) -> bool:
    """Whose certificate it is does not matter: the lab's is self-signed."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((address, port), ANSWERS_WITHIN) as raw, context.wrap_socket(raw):
            return True
    except OSError:
        return False


def _row(host: LabHost) -> dict[str, str]:
    values = (host.name, host.group, host.address, host.suite, host.state().value)
    return dict(zip(COLUMNS, values, strict=True))


def table(seen: dict[str, Any]) -> str:
    rows = [COLUMNS, *(tuple(host.values()) for host in seen["hosts"])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([f"lab {seen['name']}: {seen['url'] or 'no balancer'}", *lines])
