"""What a test process made of this machine and did not live to take away."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from slackwater.lab import Lab
from slackwater.lab.network import NAMESPACES
from slackwater.lab.places import PLACES
from slackwater.lab.records import found


def sweep() -> None:
    """A lab's name, or a network's, begins with the number of the process that made it."""
    for directory in found(PLACES.labs):
        if is_orphan(directory.name):
            Lab(directory.name).down()
    for network in NAMESPACES.glob("t[0-9]*-*"):
        if is_orphan(network.name):
            # Another worker may sweep as well.
            subprocess.run(["ip", "netns", "delete", network.name], check=False, capture_output=True)


def is_orphan(name: str) -> bool:
    owner = re.match(r"t(\d+)-", name)
    return owner is not None and not Path(f"/proc/{owner[1]}").exists()
