"""A running lab as pyinfra's inventory: what `inventories/local.py` is made of."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from slackwater.lab.addressing import GROUPS
from slackwater.lab.fleet import Lab
from slackwater.lab.host import LabHost
from slackwater.lab.identity import KEY, KNOWN_HOSTS

VARIABLE = "SLACKWATER_LAB"
DEFAULT_NAME = "local"


def default_name() -> str:
    return os.environ.get(VARIABLE) or DEFAULT_NAME


def groups(name: str | None = None) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Each group's hosts as (name, data); `name` None is the lab that $SLACKWATER_LAB names, else "local".

    Raises LabError when there is no such lab.
    """
    return grouped(Lab(name or default_name()).hosts())


def grouped(hosts: Sequence[LabHost]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Several balancers are also told `balancer_address`, which they share."""
    found = {group: [(host.name, data(host)) for host in hosts if host.group == group] for group in GROUPS}
    if moving := hosts[0].lan.moving(host.name for host in hosts):
        for _, told in found["balancer"]:
            told["balancer_address"] = moving
    return found


def data(host: LabHost) -> dict[str, Any]:
    """The keys are pyinfra's, but for `address` and `fleet`."""
    lab = host.places.labs / host.lan.name
    return {
        "ssh_hostname": host.address,
        "ssh_user": "root",
        "ssh_key": str(lab / KEY),
        "ssh_known_hosts_file": str(lab / KNOWN_HOSTS),
        "ssh_allow_agent": False,
        "ssh_look_for_keys": False,
        "ssh_strict_host_key_checking": "yes",
        "address": host.address,
        "fleet": _fleet(lab),
    }


def _fleet(lab: Path) -> str:
    """A lab that was taken down and made again is another fleet: nothing was ever proved in it."""
    key = (lab / f"{KEY}.pub").read_bytes()
    return f"{lab.name}-{hashlib.sha256(key).hexdigest()[:8]}"
