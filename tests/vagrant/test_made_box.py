"""The box for libvirt, built for real as a user builds it: `scripts/test --vagrant`. LXC's is used by test_fleet.py."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.vagrant.conftest import PLACE

pytestmark = pytest.mark.vagrant

LIMIT = 1800
"""Seconds; on a machine with other work the build took 180."""


def test_the_box_for_libvirt_is_whole(tmp_path: Path) -> None:
    """What Vagrant's provider takes out of it, with a disk that QEMU knows and that is as large as the box says."""
    words = [PLACE / "box/build", "libvirt", tmp_path]
    done = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stderr[-6000:]
    (box,) = tmp_path.glob("*.box")
    taken = tmp_path / "taken"
    taken.mkdir()
    subprocess.run(["tar", "-xf", box, "-C", taken], check=True)
    told = json.loads((taken / "metadata.json").read_text())
    asked = ["qemu-img", "info", "--output", "json", taken / "box.img"]
    members = {path.name for path in taken.iterdir()}
    disk = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)

    assert "debian-12-libvirt-amd64.box" == box.name
    assert {"metadata.json", "Vagrantfile", "vmlinuz", "initrd.img", "box.img"} == members
    assert (told["format"], told["virtual_size"] * 2**30) == (disk["format"], disk["virtual-size"])
    assert {box, taken} == set(tmp_path.iterdir())
