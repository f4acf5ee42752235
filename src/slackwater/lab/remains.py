"""What a lab left on this machine, found by its name in the kernel and not by what its record remembers."""

from __future__ import annotations

import shutil
from pathlib import Path

from slackwater.lab import network as cables
from slackwater.lab.addressing import Network
from slackwater.lab.power import lab_cgroup
from slackwater.lab.records import load_number


def remains(name: str, directory: Path) -> list[str]:
    """Each thing that is still there, in words."""
    group, number = lab_cgroup(name), load_number(directory)
    found = [f"process {pid}" for pid in sorted(group.processes())]
    found += [f"cgroup {path}" for path in group.directories() if path.is_dir()]
    found += [f"network namespace {namespace}" for namespace in cables.namespaces_of(name)]
    if number is not None and cables.link_exists(Network(name, number).uplink):
        found.append(f"network interface {Network(name, number).uplink}")
    return found + ([f"directory {directory}"] if directory.exists() else [])


def clear(name: str, directory: Path) -> list[str]:
    """Removes all of it, in the order in which one thing holds another, and names what would not go."""
    group, number = lab_cgroup(name), load_number(directory)
    group.kill()
    for namespace in cables.namespaces_of(name):
        cables.remove_namespace(namespace)
    if number is not None:
        cables.remove_link(Network(name, number).uplink)
    group.remove()
    if left := [thing for thing in remains(name, directory) if not thing.startswith("directory")]:
        return left
    shutil.rmtree(directory, ignore_errors=True)
    return remains(name, directory)
