"""What is said before a box is made; one that is made is used by tests/vagrant/test_fleet.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from slackwater.errors import LabError
from slackwater.lab.box import architecture

BUILD = Path(__file__).resolve().parents[2] / "vagrant/box/build"


@pytest.mark.parametrize(("machine", "word"), [("x86_64", "amd64"), ("aarch64", "arm64")])
def test_an_architecture_is_debians_word(machine: str, word: str) -> None:
    """The box's file is named by it, and the kernel's package."""
    assert word == architecture("lxc", machine)


@pytest.mark.parametrize(
    ("provider", "machine", "made"), [("lxc", "riscv64", "x86_64 and aarch64"), ("libvirt", "aarch64", "x86_64")]
)
def test_an_architecture_without_boxes_is_named(provider: str, machine: str, made: str) -> None:
    """With the way round it; a VM's console and processor are those of a PC."""
    said = rf"This machine is {machine}; boxes for {provider} are made on {made}\. .*fleet\.yml"
    with pytest.raises(LabError, match=said):
        architecture(provider, machine)


def test_a_provider_that_no_box_is_made_for_is_refused() -> None:
    """VirtualBox's is a public one."""
    done = subprocess.run([BUILD, "virtualbox"], capture_output=True, text=True, check=False)

    assert 2 == done.returncode
    assert "'virtualbox' is not one of 'libvirt', 'lxc'" in done.stderr


def test_what_the_machine_lacks_is_a_sentence(tmp_path: Path) -> None:
    """Each program with the package that brings it; no box is begun."""
    words = [sys.executable, "-m", "slackwater.lab.box", "lxc", str(tmp_path / "boxes")]
    bare = {**os.environ, "PATH": "/nonexistent"}
    done = subprocess.run(words, env=bare, capture_output=True, text=True, check=False)

    assert 1 == done.returncode
    assert "Error: The lab " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "boxes").exists()
