"""Who changes a fleet: a person, a machine and a process, and whether that process is still there."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from slackwater.person import machine, user


@dataclass(frozen=True)
class Owner:
    """`place` is where the process number counts; `started` tells a process from a later one of the same number."""

    user: str
    machine: str
    pid: int
    started: str
    place: str

    def __str__(self) -> str:
        return f"{self.user}@{self.machine} (process {self.pid})"

    def is_gone(self) -> bool:
        """True only when that is certain: of another machine's processes nothing is known."""
        if self.place != _place():
            return False
        return not _is_alive(self.pid) or _started(self.pid) != self.started


def me() -> Owner:
    return Owner(user(), machine(), os.getpid(), _started(os.getpid()), _place())


def _place() -> str:
    """This machine and, on Linux, its own count of processes: containers of one name are not one machine."""
    with suppress(OSError):
        return f"{Path('/etc/machine-id').read_text().strip()}:{os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115
    return f"{uuid.getnode():x}"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(pid: int) -> str:
    """Linux's boot and the process's start in it; elsewhere nothing."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        # A killed process stays as a zombie until its parent looks: it does nothing any more.
        return "zombie" if fields[0] in {"Z", "X"} else f"{boot}:{fields[19]}"
    return ""
