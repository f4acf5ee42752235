"""A cgroup of its own for each host: how its limits are in force, and how all of its processes are found.

Works on the version 1 controllers, on the hybrid layout and on the one version 2 tree.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
CONTROLLERS = ("cpu", "memory", "pids")
# A killed process that writes to a slow disk dies only when the write is done; after this `down` names it instead.
KILL_LIMIT = 10.0
# The kernel frees a killed process's cgroup a moment later; after this `down` names it instead of spinning.
REMOVE_LIMIT = 5.0
PAUSE = 0.02


def hierarchies(root: Path = ROOT) -> list[Path]:
    """Every mounted hierarchy: all version 1 controllers and the version 2 tree, or the one version 2 tree."""
    if (root / "cgroup.controllers").exists():
        return [root]
    return sorted(c for c in root.iterdir() if not c.is_symlink() and (c / "cgroup.procs").exists())


@dataclass(frozen=True)
class Cgroup:
    """The same path in every hierarchy."""

    path: str

    def __truediv__(self, name: str) -> Cgroup:
        return Cgroup(f"{self.path}/{name}")

    def directories(self) -> list[Path]:
        return [hierarchy / self.path for hierarchy in hierarchies()]

    def exists(self) -> bool:
        return any(directory.is_dir() for directory in self.directories())

    def create(self) -> None:
        for hierarchy in hierarchies():
            _create(hierarchy, self.path)

    def processes(self) -> set[int]:
        """The processes here and in all groups below."""
        return {pid for top in self.directories() for group in _walk(top) for pid in _members(group)}

    def kill(self) -> bool:
        """False if something is alive after KILL_LIMIT seconds."""
        deadline = time.monotonic() + KILL_LIMIT
        while alive := self.processes():
            for pid in alive:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                return False
            time.sleep(PAUSE)
        return True

    def remove(self) -> bool:
        """False if a group is still there after REMOVE_LIMIT seconds."""
        deadline = time.monotonic() + REMOVE_LIMIT
        while self.exists():
            for top in self.directories():
                _remove(top)
            if time.monotonic() > deadline:
                return not self.exists()
            time.sleep(PAUSE)
        return True


def _create(hierarchy: Path, path: str) -> None:
    parent = hierarchy
    for part in Path(path).parts:
        child = parent / part
        _delegate(parent)
        child.mkdir(exist_ok=True)
        _fill_cpuset(parent, child)
        parent = child


def _delegate(group: Path) -> None:
    """Version 2: children have only the controllers that their parent hands down; the others are ignored in silence."""
    available = group / "cgroup.controllers"
    if available.exists() and (ours := [f"+{c}" for c in available.read_text().split() if c in CONTROLLERS]):
        (group / "cgroup.subtree_control").write_text(" ".join(ours))


def _fill_cpuset(parent: Path, child: Path) -> None:
    """Version 1: a cpuset takes no process before its processors and memory nodes are filled in."""
    if (child / "cpuset.cpus").exists() and not (child / "cgroup.controllers").exists():
        for name in ("cpuset.cpus", "cpuset.mems"):
            (child / name).write_text((parent / name).read_text())


def _walk(top: Path) -> Iterator[Path]:
    for directory, _, _ in os.walk(top, topdown=False):
        yield Path(directory)


def _members(group: Path) -> list[int]:
    try:
        listed = (group / "cgroup.procs").read_text().split()
    except OSError:  # the group went while we looked: no member of it is left
        return []
    return [int(pid) for pid in listed if pid != "0"]  # 0 stands for a process that is not of our PID namespace


def _remove(top: Path) -> None:
    for group in _walk(top):
        with suppress(OSError):  # still busy: the caller tries again and then reports it
            group.rmdir()
