"""From its bundle an instance sees the settings that a pushed run would give it, and fetches what was proved."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from slackwater.lab.cloud import cloud

Build = Callable[..., dict[str, Any]]
Command = Callable[..., subprocess.CompletedProcess[str]]
PYINFRA = "import sys; from pyinfra_cli.main import main; sys.argv[0] = 'pyinfra'; main()"
SEEN = """
import json, pathlib
from pyinfra import host
from slackwater.engine import addresses
from slackwater.settings import resolve
told = resolve(host.data)
pathlib.Path("seen.json").write_text(json.dumps({
    "name": host.name, "groups": host.groups, "environment": told.environment, "fleet": told.fleet,
    "own": addresses("app"), "balancers": addresses("balancer"), "sudo": host.data.get("_sudo"),
}))
"""
ORDERED = """
import pathlib
from pyinfra import host
from slackwater.engine import ordered
from slackwater.settings import resolve
order = ordered(resolve(host.data))
pathlib.Path("seen.json").write_text(order.release.id)
"""


@pytest.fixture
def unpacked(build: Build, tmp_path: Path) -> Path:
    place = tmp_path / "bundle"
    with tarfile.open(build()["path"]) as tar:
        tar.extractall(place)
    (tmp_path / "instance.json").write_text(json.dumps({"environment": "prod", "groups": ["app"]}))
    return place


def run(place: Path, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """pyinfra's own command, which only looks."""
    (place / "seen.py").write_text(script)
    own = {"SLACKWATER_INSTANCE_FILE": str(place.parent / "instance.json")}
    return subprocess.run(
        [sys.executable, "-c", PYINFRA, "inventories/self.py", "seen.py", "--dry"], cwd=place,
        env=os.environ | own | variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_instance_is_told_what_a_pushed_run_tells(unpacked: Path) -> None:
    """Its environment's word beats the others'; it runs as root, and knows itself and its balancers by address."""
    done = run(unpacked, SEEN)
    assert 0 == done.returncode, done.stdout + done.stderr
    seen = json.loads((unpacked / "seen.json").read_text())

    assert "@local" == seen["name"]
    assert {"app", "prod"} <= set(seen["groups"])
    assert "balancer" not in seen["groups"]
    assert ("production", "production", False) == (seen["environment"], seen["fleet"], seen["sudo"])
    assert ["10.0.1.10"] == seen["balancers"]
    assert 1 == len(seen["own"])
    assert "@" not in seen["own"][0]


def test_the_inventory_is_for_instances(project: Path, slackwater: Command) -> None:
    """On an operator's machine it says so."""
    done = slackwater("lint", "inventories/self.py")

    assert 1 == done.returncode
    assert "/etc/slackwater/instance.json" in done.stderr + done.stdout


def test_an_instance_builds_nothing(unpacked: Path) -> None:
    """Without a proved release it stops with a sentence."""
    with cloud() as sky:
        done = run(unpacked, ORDERED, **sky.environment)

    assert 0 != done.returncode
    assert "nothing is proved yet in fleet production" in done.stdout + done.stderr
    assert not (unpacked / "seen.json").exists()


def test_an_instance_fetches_what_was_proved(unpacked: Path) -> None:
    """Archive and pointer come from the cloud, whoever rolls out just then."""
    manifest = {
        "id": "r1", "app": "shop", "sha256": EMPTY, "size": 0, "source": "src-1", "commit": None, "python": None,
        "created": "2026-11-21T10:00:00+00:00", "wheels": False,
    }  # fmt: skip
    pointer = {"release": "r1", "sha256": EMPTY, "at": "2026-11-21T10:00:00+00:00", "by": "a@b", "history": []}
    with cloud() as sky:
        s3 = sky.client("s3")
        s3.create_bucket(Bucket="tides", CreateBucketConfiguration={"LocationConstraint": sky.region})
        s3.put_object(Bucket="tides", Key="fleet/shop/r1.json", Body=json.dumps(manifest).encode())
        s3.put_object(Bucket="tides", Key=f"fleet/shop/r1-{EMPTY[:12]}.tar.gz", Body=b"")
        name, value = "/slackwater/shop/production/proved", json.dumps(pointer)
        sky.client("ssm").put_parameter(Name=name, Value=value, Type="String")
        done = run(unpacked, ORDERED, **sky.environment)

    assert "r1" == (unpacked / "seen.json").read_text(), done.stdout + done.stderr


EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
