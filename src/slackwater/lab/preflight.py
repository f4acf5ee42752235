"""Whether this machine can run a lab: all that is missing is said at once, before anything is made."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable

from slackwater.errors import LabError
from slackwater.lab._run import SEARCH
from slackwater.lab.cgroups import hierarchies

PROGRAMS = {
    "bash": "bash",
    "ip": "iproute2",
    "mkfs.ext4": "e2fsprogs",
    "mmdebstrap": "mmdebstrap",
    "mount": "mount",
    "setsid": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "systemd-nspawn": "systemd-container",
    "unshare": "util-linux",
}
OTHER_WAY = "The other way is the same fleet as VMs with Vagrant: see vagrant/."


def check_rights(system: str = platform.system(), user: int = os.geteuid()) -> None:
    """Raises LabError unless this is Linux and we are root."""
    if system != "Linux":
        raise LabError(
            f"The lab's hosts are Linux machines on this machine's kernel, and this is {system}. {OTHER_WAY}"
        )
    if user != 0:
        raise LabError(
            f"The lab makes namespaces, mounts and cgroups, and user {user} may not: run it as root. {OTHER_WAY}"
        )


def check_programs(find: Callable[[str], str | None] = lambda program: shutil.which(program, path=SEARCH)) -> None:
    """Raises LabError with every missing program and the one command that installs them."""
    missing = [program for program in PROGRAMS if not find(program)]
    if missing:
        packages = " ".join(sorted({PROGRAMS[program] for program in missing}))
        raise LabError(
            f"The lab needs {', '.join(missing)}, not found on this machine: `apt-get install {packages}`. {OTHER_WAY}"
        )


def check_machine() -> None:
    check_rights()
    check_programs()
    if not hierarchies():
        raise LabError(f"No cgroup hierarchy is mounted in /sys/fs/cgroup: a host could not be limited. {OTHER_WAY}")
