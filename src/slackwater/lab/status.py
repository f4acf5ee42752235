"""What is seen of a lab from outside: for people as a table, for programs as JSON."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slackwater.lab.fleet import Lab
from slackwater.lab.host import LabHost

COLUMNS = ("name", "group", "address", "suite", "state")


def status(lab: Lab) -> dict[str, Any]:
    """`url` goes through the first balancer, None without one; `https_url` is None until a balancer speaks TLS."""
    hosts = lab.hosts()
    with ThreadPoolExecutor(len(hosts)) as pool:
        rows = list(pool.map(_row, hosts))
    balancers = [host.address for host in hosts if host.group == "balancer"]
    url = f"http://{balancers[0]}/" if balancers else None
    return {"name": lab.name, "url": url, "https_url": None, "hosts": rows}


def _row(host: LabHost) -> dict[str, str]:
    values = (host.name, host.group, host.address, host.suite, host.state().value)
    return dict(zip(COLUMNS, values, strict=True))


def table(seen: dict[str, Any]) -> str:
    rows = [COLUMNS, *(tuple(host.values()) for host in seen["hosts"])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([f"lab {seen['name']}: {seen['url'] or 'no balancer'}", *lines])
