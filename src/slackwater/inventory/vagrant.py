"""The running VMs of a Vagrant fleet as hosts of an inventory: what `inventories/vagrant.py` is made of."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from paramiko import SSHConfig, SSHConfigDict

from slackwater.errors import LabError
from slackwater.inventory.purpose import Purpose, purpose
from slackwater.inventory.saying import say
from slackwater.inventory.vagrant_fleet import GROUPS, Vm, read

Host = tuple[str, dict[str, Any]]
LAST = 600
"""Characters of what Vagrant said last when it failed."""


def vagrant_hosts(directory: str | Path = "vagrant") -> dict[str, list[Host]]:
    """Each group's VMs that are up; one that is not is left out, and a line says so.

    `directory` holds the Vagrantfile and fleet.yml. Settings are checked with every VM that fleet.yml has, and Vagrant
    is not asked. Raises LabError where Vagrant is missing, fails or has no VM up; SettingsError for fleet.yml.
    """
    place = Path(directory).resolve()
    fleet = read(place)
    up = {vm.name: {} for vm in fleet} if purpose() is Purpose.CHECK else _running(place)
    machines = Path(os.environ.get("VAGRANT_DOTFILE_PATH", place / ".vagrant")) / "machines"
    found: dict[str, list[Host]] = {group: [] for group in GROUPS}
    for vm in fleet:
        if vm.name in up:
            found[vm.group].append((vm.name, {**up[vm.name], **_told(vm, machines)}))
        else:
            say(f"{vm.name} is not up and left out; `vagrant up {vm.name}` in {directory} brings it back")
    return found


@cache
def _running(place: Path) -> dict[str, dict[str, Any]]:
    """What Vagrant says of each VM that is up, by the VM's name, in pyinfra's words.

    pyinfra's own connector asks once for each VM, and finds none where nobody has made threads cooperative.
    """
    if not shutil.which("vagrant"):
        raise LabError("Vagrant was not found on this machine: install it, then `vagrant up` in vagrant/")
    names = list(_up(_vagrant(place, "status", "--machine-readable")))
    if not names:
        raise LabError(f"no VM of {place} is up: run `vagrant up` there, then this again")
    config = SSHConfig.from_text(_vagrant(place, "ssh-config", *names))
    return {name: _words(config.lookup(name)) for name in names}


def _up(status: str) -> Iterator[str]:
    """https://developer.hashicorp.com/vagrant/docs/cli/machine-readable: time, VM, kind and what there is to say."""
    for line in status.splitlines():
        _, name, kind, *said = [*line.split(",", 3), "", "", ""]
        if kind == "state" and said[0] == "running":
            yield name


def _vagrant(place: Path, *words: str) -> str:
    done = subprocess.run(["vagrant", *words], cwd=place, capture_output=True, text=True, check=False)
    if done.returncode:
        last = " ".join((done.stderr or done.stdout).split())[-LAST:]
        raise LabError(f"`vagrant {' '.join(words)}` in {place} ended with status {done.returncode}: {last}")
    return done.stdout


def _words(told: SSHConfigDict) -> dict[str, Any]:
    key = {"ssh_key": told["identityfile"][0]} if "identityfile" in told else {}
    return {"ssh_hostname": told["hostname"], "ssh_port": int(told["port"]), "ssh_user": told["user"], **key}


def _told(vm: Vm, machines: Path) -> dict[str, Any]:
    return {
        "address": vm.address,
        "fleet": _fleet(machines),
        # Each key that is tried costs round trips, and sshd closes the door after six.
        "ssh_allow_agent": False,
        "ssh_look_for_keys": False,
        **_known_hosts(vm, machines),
    }


def _known_hosts(vm: Vm, machines: Path) -> dict[str, str]:
    """Beside what Vagrant keeps of this VM, and gone with it: one that is made again has another key."""
    for identity in sorted(machines.glob(f"{vm.name}/*/id")):
        file = identity.with_name("known_hosts")
        file.touch(mode=0o600)
        return {"ssh_known_hosts_file": str(file)}
    return {}


def _fleet(machines: Path) -> str:
    """A fleet that was destroyed and made again is another one: nothing was ever proved in it."""
    identities = sorted(machines.glob("*/*/id"), key=lambda file: (file.stat().st_mtime, file))
    made = identities[0].read_bytes() if identities else b""
    return f"vagrant-{hashlib.sha256(made).hexdigest()[:8]}"
