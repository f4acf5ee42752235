"""vagrant/lxc-network, before it touches the network; what it makes is used by test_fleet.py."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.vagrant.conftest import PLACE

FAILS = "echo 'ModuleNotFoundError: No module named yaml' >&2; exit 1"


@pytest.mark.parametrize(
    ("words", "user", "status", "said"),
    [
        (["up"], 1000, 1, "A bridge is made and removed by root: run this with sudo.\n"),
        (["down"], 1000, 1, "A bridge is made and removed by root: run this with sudo.\n"),
        (["up"], 0, 1, "python3 has no Slackwater: as root, too, put the bin of its environment first in PATH.\n"),
        ([], 1000, 2, "Usage: vagrant/lxc-network up|down\n"),
    ],
)
def test_what_it_lacks_is_one_sentence(words: list[str], user: int, status: int, said: str, tmp_path: Path) -> None:
    """sudo has a search path of its own, in which the system's Python comes first."""
    for name in ("lxc-network", "fleet.yml"):
        shutil.copy(PLACE / name, tmp_path)
    for name, text in {"id": f"echo {user}", "python3": FAILS}.items():
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    path = f"{tmp_path}/bin:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", tmp_path / "lxc-network", *words], env={"PATH": path}, capture_output=True, text=True, check=False
    )

    assert (status, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert done.stderr.endswith(said)
