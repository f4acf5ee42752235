"""A running lab as pyinfra's inventory: what `inventories/local.py` is made of."""

from __future__ import annotations

import os
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
    hosts = Lab(name or default_name()).hosts()
    return {group: [(host.name, data(host)) for host in hosts if host.group == group] for group in GROUPS}


def data(host: LabHost) -> dict[str, Any]:
    """The keys are pyinfra's, but for `address`."""
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
    }
