"""The inventories of a project, read by the commands themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.sky import REGION, Sky

HOUSE = Path(__file__).resolve().parents[2]
INVENTORY = """\
from slackwater.inventory import scaling_group_hosts as _hosts
database = _hosts("{name}", environment="prod", region="{region}", endpoint="{url}")["app"]
"""
START = "from pyinfra import config\nfrom slackwater.engine.start import start\nstart(config)\n"


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, capture_output=True, text=True, check=False, env=environment
    )


def pyinfra(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return run("-c", "from pyinfra_cli.main import cli; cli()", *words, cwd=cwd)


def write(project: Path, name: str, url: str) -> None:
    (project / "inventories").mkdir()
    (project / "inventories/prod.py").write_text(INVENTORY.format(name=name, region=REGION, url=url))
    (project / "config.py").write_text(START)


def test_pyinfra_sees_the_members_of_now(cloud: Sky, project: Path) -> None:
    """Its own command, with the project's own config.py."""
    (instance,) = cloud.group("seen", 1)
    write(project, "seen", cloud.url)
    done = pyinfra("inventories/prod.py", "debug-inventory", cwd=project)

    assert 0 == done.returncode, done.stderr
    assert instance in done.stdout + done.stderr


def test_pyinfra_without_a_sign_in_ends_in_a_sentence(project: Path) -> None:
    """Before anyone is connected to, and without a traceback."""
    write(project, "unseen", "http://127.0.0.1:1")
    done = pyinfra("inventories/prod.py", "exec", "--", "true", "-y", cwd=project)
    said = done.stdout + done.stderr

    assert 0 != done.returncode
    assert "no AWS credentials were found" in said
    assert "1 fault(s) in the settings; no host was touched" in said
    assert "Traceback" not in said


def test_the_projects_own_inventories_load_without_aws(project: Path) -> None:
    """A first look at a project that `slackwater init` has written needs no account."""
    shutil.copytree(HOUSE / "inventories", project / "inventories")
    shutil.copytree(HOUSE / "group_data", project / "group_data")
    shutil.copytree(HOUSE / "examples/shop", project / "examples/shop")
    main = "from slackwater.cli import main; main()"
    for environment in ("prod", "staging"):
        done = run("-c", main, "lint", f"inventories/{environment}.py", cwd=project)

        assert (0, f"inventories/{environment}.py is clean") == (done.returncode, done.stdout.split(":")[0])
        assert "One host stands for the members of shop-" in done.stderr
