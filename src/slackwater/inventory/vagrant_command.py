"""What Vagrant is asked, in the folder of its Vagrantfile."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paramiko import SSHConfig, SSHConfigDict

from slackwater.errors import LabError

LAST = 600
"""Characters of what Vagrant said last when it failed."""


def vagrant(place: Path, *words: str) -> str:
    """Standard output; raises LabError where Vagrant is missing or fails."""
    if not shutil.which("vagrant"):
        raise LabError("Vagrant was not found on this machine: install it, then `vagrant up` in vagrant/")
    done = subprocess.run(
        ["vagrant", *words], cwd=place, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = " ".join((done.stderr or done.stdout).split())[-LAST:]
        raise LabError(f"`vagrant {' '.join(words)}` in {place} ended with status {done.returncode}: {last}")
    return done.stdout


def running(place: Path, *names: str) -> list[str]:
    """Of these VMs, or of all, the ones that are up."""
    return list(_up(vagrant(place, "status", *names, "--machine-readable")))


def logins(place: Path, *names: str) -> dict[str, dict[str, Any]]:
    """Where ssh goes for each of these VMs, which are up, in pyinfra's words."""
    config = SSHConfig.from_text(vagrant(place, "ssh-config", *names))
    return {name: _words(config.lookup(name)) for name in names}


def _up(status: str) -> Iterator[str]:
    """https://developer.hashicorp.com/vagrant/docs/cli/machine-readable: time, VM, kind and what there is to say."""
    for line in status.splitlines():
        _, name, kind, *said = [*line.split(",", 3), "", "", ""]
        if kind == "state" and said[0] == "running":
            yield name


def _words(told: SSHConfigDict) -> dict[str, Any]:
    key = {"ssh_key": told["identityfile"][0]} if "identityfile" in told else {}
    return {"ssh_hostname": told["hostname"], "ssh_port": int(told["port"]), "ssh_user": told["user"], **key}
