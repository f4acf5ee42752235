"""What a balancer did with one request, by its own access log: why an answer took long, not whether it came."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slackwater.lab import Lab

LOG = "/var/log/nginx/access.log"
COLUMNS = ("upstream", "upstream_status", "upstream_seconds")
BETWEEN = re.compile(", | : ")
"""Attempts in nginx's variables (https://nginx.org/en/docs/http/ngx_http_upstream_module.html#var_upstream_addr)."""


def attempts(log: Path, request: str, names: Mapping[str, str]) -> list[str]:
    """One each, such as "instance-2: 502 after 13.600 s"; `names` are the hosts' by address. None where the log has no
    such request."""
    line = next((line for line in lines(log) if f'"{request}"' in line), "{}")
    told: dict[str, Any] = json.loads(line)
    rows = zip(*(BETWEEN.split(told.get(name, "")) for name in COLUMNS), strict=False)
    return [f"{_name(place, names)}: {status} after {seconds} s" for place, status, seconds in rows if place]


def log_of(lab: Lab) -> Path:
    """The balancer's, where this machine sees it; it may not be there."""
    return lab.directory / "hosts/balancer-1/disk/upper" / LOG.lstrip("/")


def lines(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines() if log.exists() else []


def _name(place: str, names: Mapping[str, str]) -> str:
    address = place.rpartition(":")[0]
    return names.get(address, address)
