"""A real host becomes an image: everything but what serves is there, and nothing that is its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.hosts.conftest import ShortLived

HOUSE = Path(__file__).resolve().parents[2]
OWN = "etc/ssh/ssh_host_* var/log/journal/* root/.ssh/authorized_keys srv/slackwater/*/proved etc/slackwater/*/*"


def prepare(lab: str, tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "all.py").write_text(f'from slackwater import Store\nstore = Store.directory("{tmp_path}/store")\n')
    command = [str(Path(sys.executable).parent / "slackwater"), "image", "prepare", "inventories/local.py", *words]
    return subprocess.run(
        [*command, "--group-data", str(tmp_path), "--json"],
        cwd=HOUSE,
        env=os.environ | {"SLACKWATER_LAB": lab},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_host_becomes_an_image(lab: ShortLived, tmp_path: Path) -> None:
    """What is on its disk then is what every instance begins with."""
    with lab("image", app=1) as made:
        unknown = prepare(made.name, tmp_path, "app-9")
        done = prepare(made.name, tmp_path, "app-1")
        disk = made.host("app-1").directory / "disk/upper"
        left = [str(path.relative_to(disk)) for pattern in OWN.split() for path in disk.glob(pattern) if path.is_file()]
        machine_id = (disk / "etc/machine-id").read_text()
        wanted = [path.name for path in disk.glob("etc/systemd/system/multi-user.target.wants/*")]
        whole = list(disk.glob("srv/slackwater/shop/releases/*/release.json"))
        environments = list(disk.glob("srv/slackwater/shop/environments/*/environment.json"))

    assert 1 == unknown.returncode
    assert "has no host app-9; it has: app-1" in unknown.stderr
    assert 0 == done.returncode, done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])["result"]
    assert (True, "app-1", whole[0].parent.name) == (result["ok"], result["host"], result["release"])
    assert ([], "") == (left, machine_id)
    assert (1, 1) == (len(whole), len(environments))
    assert [] == [name for name in wanted if "nginx" in name or "slackwater" in name]
