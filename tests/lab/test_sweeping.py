"""What a test process that was killed has left is taken away by the next run, and nothing else."""

from __future__ import annotations

import os
import subprocess

import pytest

from slackwater.lab.network import NAMESPACES
from tests.hosts.sweeping import sweep

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root")


def test_networks_go_with_who_made_them() -> None:
    """One whose process lives stays; so does one that names none."""
    with subprocess.Popen(["true"]) as dead:
        pass
    gone, own, other = f"t{dead.pid}-sweep", f"t{os.getpid()}-sweep", f"sweep-{os.getpid()}"
    made = [gone, own, other]
    for name in made:
        subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        sweep()
        there = [name for name in made if (NAMESPACES / name).exists()]
    finally:
        for name in made:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)

    assert [own, other] == there
