"""Vagrant as a user has it, with places of its own; a fleet of its is started only when it is asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

PLACE = Path(__file__).resolve().parents[2] / "vagrant"
ASKED = "SLACKWATER_VAGRANT"
"""Set by scripts/test --vagrant."""

Vagrant = Callable[..., subprocess.CompletedProcess[str]]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = [item for item in items if ASKED in os.environ or item.get_closest_marker("vagrant") is None]
    config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
    items[:] = wanted


@pytest.fixture
def vagrant(tmp_path: Path) -> Vagrant:
    """`vagrant("up", PATH=…)` runs it on the house's own Vagrantfile; nothing is kept in the checkout."""
    if not shutil.which("vagrant"):
        pytest.skip("Vagrant is not installed: scripts/vagrant-setup")

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["vagrant", *words], cwd=PLACE, env=environment(tmp_path, more), capture_output=True, text=True, check=False
        )

    return run


def environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the user's own Vagrant, and no question to anybody whether there is a newer one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VAGRANT_", "SLACKWATER_"))}
    places = {"VAGRANT_HOME": str(folder / "home"), "VAGRANT_DOTFILE_PATH": str(folder / "dot")}
    return {**kept, **places, "VAGRANT_CHECKPOINT_DISABLE": "1", **more}
