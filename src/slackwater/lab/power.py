"""Power of one host: a detached launcher in the host's own cgroup; without it the host is off."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from slackwater.lab._run import environment, run
from slackwater.lab.addressing import Network
from slackwater.lab.cgroups import Cgroup
from slackwater.lab.image import FILES
from slackwater.lab.network import NAMESPACES

# Namespaces of the launcher's own: what it mounts is seen by nobody else and goes with it.
ISOLATED = ("unshare", "-m", "--propagation", "private", "-p", "-f", "--kill-child", "--mount-proc")

# The launcher plugs its cable in and boots within a tenth of a second; one that has not has failed, and the console
# says why. Whoever knocked before the cable is in would wait a whole second for the kernel to ask for the host again.
LAUNCH_LIMIT = 5.0
PAUSE = 0.005


def lab_cgroup(name: str) -> Cgroup:
    return Cgroup(f"slackwater-lab-{name}")


def launch(group: Cgroup, command: list[str], log: Path, **variables: str) -> None:
    """Starts a command that outlives us, inside `group` before its first own instruction."""
    group.create()
    joined = ["bash", str(FILES / "join"), *map(str, group.directories()), "--", *command]
    with log.open("ab") as sink:
        subprocess.run(
            ["setsid", "--fork", *joined],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env=environment(**variables),
        )


@dataclass(frozen=True)
class Power:
    """On, off, and what is seen of either from outside."""

    network: Network
    host: str
    directory: Path
    image: Path

    @property
    def cgroup(self) -> Cgroup:
        return lab_cgroup(self.network.name) / self.host

    @property
    def console(self) -> Path:
        return self.directory / "console.log"

    def is_on(self) -> bool:
        return bool((self.cgroup / "launcher").processes())

    def boots(self) -> list[int]:
        """When the host was started or started again, in seconds since 1970."""
        file = self.directory / "boots"
        return [int(line) for line in file.read_text().splitlines()] if file.exists() else []

    def on(self) -> None:
        """Same disk and same address as before; two groups, because version 2 wants processes in leaves only."""
        machine = self.cgroup / "machine"
        machine.create()
        before = len(self.boots())
        command = [*ISOLATED, "bash", str(FILES / "boot"), *map(str, machine.directories())]
        launch(
            self.cgroup / "launcher",
            command,
            self.console,
            HOST=str(self.directory),
            IMAGE=str(self.image),
            NAME=self.host,
            MACHINE=self.network.namespace(self.host),
            FABRIC=self.network.fabric,
            NETNS=str(NAMESPACES / self.network.namespace(self.host)),
        )
        deadline = time.monotonic() + LAUNCH_LIMIT
        while len(self.boots()) == before and time.monotonic() < deadline:
            time.sleep(PAUSE)

    def cut(self) -> bool:
        """Every process of the host is gone at once, the disk stays. False if one would not die."""
        return self.cgroup.kill()


def make_disk(directory: Path, size: str) -> None:
    """A disk that is really full when it is full: an ext4 file system in a file, mounted by the launcher."""
    disk, begun = directory / "disk.img", directory / ".disk.img"
    if disk.exists():
        return
    run("truncate", "-s", size, str(begun))
    run("mkfs.ext4", "-q", "-F", str(begun))
    begun.rename(disk)
