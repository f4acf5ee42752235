"""A host that is off: what its disk and its seed hold, without a machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slackwater.lab import LabHost
from slackwater.lab.addressing import Network
from slackwater.lab.places import Places
from slackwater.lab.records import HostRecord

SEED = {
    "etc/ssh/ssh_host_ed25519_key": "the host's",
    "root/.ssh/authorized_keys": "the lab's",
    "home/admin/.ssh/authorized_keys": "the lab's",
    "etc/environment": "http_proxy=http://10.77.255.1:3128\nno_proxy=localhost,10.77.0.0/16\n",
}


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.fixture
def host(tmp_path: Path) -> LabHost:
    """Its lab has this process's number in its name: no lab of this machine is called so."""
    found = LabHost(HostRecord("app-1", "bookworm", "none"), Network(f"u{os.getpid()}", 0), Places(tmp_path, tmp_path))
    for part in ("seed", "disk/upper"):
        write(found.directory / part, SEED)
    return found
