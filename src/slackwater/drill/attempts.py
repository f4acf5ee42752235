"""What a balancer did with one request, by its own access log: why an answer took long, not whether it came."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slackwater.lab.host import LabHost

LOG = "/var/log/nginx/access.log"
COLUMNS = ("upstream", "upstream_status", "upstream_seconds")
BETWEEN = re.compile(", | : ")
"""Attempts in nginx's variables (https://nginx.org/en/docs/http/ngx_http_upstream_module.html#var_upstream_addr)."""


def attempts(log: Path, request: str, names: Mapping[str, str]) -> list[str]:
    """One each, such as "instance-2: 502 after 13.600 s"; `names` are the hosts' by address. None where the log has no
    such request."""
    line = next((line for line in _lines(log) if f'"{request}"' in line), "{}")
    told: dict[str, Any] = json.loads(line)
    rows = zip(*(BETWEEN.split(told.get(name, "")) for name in COLUMNS), strict=False)
    return [f"{_name(place, names)}: {status} after {seconds} s" for place, status, seconds in rows if place]


def log_of(balancer: LabHost) -> Path:
    """Where this machine sees it."""
    return balancer.directory / "disk/upper" / LOG.lstrip("/")


def _lines(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines() if log.exists() else []


def _name(place: str, names: Mapping[str, str]) -> str:
    address = place.rpartition(":")[0]
    return names.get(address, address)
