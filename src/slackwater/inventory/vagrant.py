"""The running VMs of a Vagrant fleet as hosts of an inventory: what `inventories/vagrant.py` is made of."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from slackwater.errors import LabError
from slackwater.inventory.purpose import Purpose, purpose
from slackwater.inventory.saying import say
from slackwater.inventory.vagrant_command import logins, running
from slackwater.inventory.vagrant_fleet import GROUPS, INSTANCE, Vm, kept, read

Host = tuple[str, dict[str, Any]]


def vagrant_hosts(directory: str | Path = "vagrant") -> dict[str, list[Host]]:
    """Each group's VMs that are up; one that is not is left out, and a line says so.

    `directory` holds the Vagrantfile and fleet.yml. Settings are checked with every VM that fleet.yml has, and Vagrant
    is not asked. Raises LabError where Vagrant is missing, fails or has no VM up; SettingsError for fleet.yml.
    """
    place = Path(directory).resolve()
    fleet = read(place)
    up = {vm.name: {} for vm in fleet} if purpose() is Purpose.CHECK else _running(place)
    machines = kept(place)
    found: dict[str, list[Host]] = {group: [] for group in GROUPS}
    for vm in (each for each in fleet if each.group != INSTANCE):
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
    names = running(place)
    if not names:
        raise LabError(f"no VM of {place} is up: run `vagrant up` there, then this again")
    return logins(place, *names)


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
    """A fleet that was destroyed and made again is another one: nothing was ever proved in it.

    VMs that are instances of the lab's cloud are made again each time one of them has ended.
    """
    found = (file for file in machines.glob("*/*/id") if not file.parts[-3].startswith(INSTANCE))
    identities = sorted(found, key=lambda file: (file.stat().st_mtime, file))
    made = identities[0].read_bytes() if identities else b""
    return f"vagrant-{hashlib.sha256(made).hexdigest()[:8]}"
