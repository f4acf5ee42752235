"""A project whose store instances can read, and the command as its operator types it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HOUSE = Path(__file__).resolve().parents[2]
MAIN = "import sys; from slackwater.cli import main; sys.argv[0] = 'slackwater'; main()"
INVENTORY = """
app = [("app-1", {"ssh_hostname": "203.0.113.11", "address": "10.0.1.11"})]
balancer = [("balancer-1", {"ssh_hostname": "203.0.113.10", "address": "10.0.1.10"})]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """As `slackwater init` would write it, with a bucket for a store; wheels that were fetched before are kept."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("inventories", "group_data", "roles", "templates", "examples"):
        shutil.copytree(HOUSE / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("deploy.py", "config.py"):
        shutil.copyfile(HOUSE / name, folder / name)
    (folder / "inventories/prod.py").write_text(INVENTORY)
    told = folder / "group_data/all.py"
    told.write_text(told.read_text().replace('Store.directory(".slackwater/store")', 'Store.s3("s3://tides/fleet")'))
    kept = HOUSE / ".slackwater/cache/wheels"
    kept.mkdir(parents=True, exist_ok=True)
    (folder / ".slackwater/cache").mkdir(parents=True)
    (folder / ".slackwater/cache/wheels").symlink_to(kept)
    return folder


@pytest.fixture
def slackwater(project: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A process of its own: reading settings with pyinfra's code changes the process that does it."""

    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", MAIN, *words], cwd=project, env=os.environ | variables,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=400, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def build(slackwater: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., dict[str, Any]]:
    """`slackwater bundle build inventories/prod.py …`, which must succeed."""

    def made(*options: str, **variables: str) -> dict[str, Any]:
        done = slackwater("bundle", "build", "inventories/prod.py", "--json", *options, **variables)
        assert 0 == done.returncode, done.stderr
        return dict(json.loads(done.stdout))

    return made
