"""The command `slackwater lint`: its words and its exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from slackwater.lint.inspection import CHECKS

from .project import app, write

SLACKWATER = [sys.executable, "-c", "from slackwater.cli import main; main()", "lint"]


def lint(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SLACKWATER, *arguments], cwd=project, capture_output=True, text=True, check=False)


def test_a_clean_fleet_ends_in_a_sentence(tmp_path: Path) -> None:
    """It counts the hosts that were read and the checks that were made."""
    done = lint(write(tmp_path, {}), "inventories/prod.py")

    assert (0, "") == (done.returncode, done.stderr)
    assert f"inventories/prod.py is clean: 3 hosts, {len(CHECKS)} checks, no fault.\n" == done.stdout


def test_faults_stand_one_a_line(tmp_path: Path) -> None:
    """Exit status 1 is for faults."""
    done = lint(write(tmp_path, {"group_data/app.py": app(port="0", aws="1")}), "inventories/prod.py")

    assert (1, "") == (done.returncode, done.stderr)
    assert [
        "group_data/app.py:7: app.port = 0: must be a whole number from 1 to 65535",
        "group_data/app.py:8: app.aws = 1: must be True or False",
    ] == done.stdout.splitlines()


def test_json_is_for_programs(tmp_path: Path) -> None:
    """Each fault has its parts and its sentence."""
    done = lint(write(tmp_path, {"group_data/app.py": app(port="0")}), "inventories/prod.py", "--json")
    fault = {
        "file": "group_data/app.py",
        "line": 7,
        "field": "app.port",
        "value": "0",
        "allowed": "must be a whole number from 1 to 65535",
        "message": "group_data/app.py:7: app.port = 0: must be a whole number from 1 to 65535",
    }

    assert 1 == done.returncode
    assert {"faults": [fault], "hosts": 3} == json.loads(done.stdout)


def test_an_inventory_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    """The sentence names those that are."""
    done = lint(write(tmp_path, {"inventories/staging.py": ""}), "inventories/pord.py")

    assert 2 == done.returncode
    assert "no inventory inventories/pord.py; there are: inventories/prod.py, inventories/staging.py" in done.stderr


def test_data_without_a_value_is_a_usage_error(tmp_path: Path) -> None:
    """As with pyinfra, data are KEY=VALUE."""
    done = lint(write(tmp_path, {}), "inventories/prod.py", "--data", "environment")

    assert 2 == done.returncode
    assert "--data environment: must be KEY=VALUE" in done.stderr


def test_data_and_group_data_are_taken_as_pyinfra_takes_them(tmp_path: Path) -> None:
    """The command line wins over every file."""
    project = write(tmp_path, {"more/prod.py": 'environment = "live"\n'})

    assert 1 == lint(project, "inventories/prod.py", "--group-data", "more").returncode
    assert 0 == lint(project, "inventories/prod.py", "--group-data", "more", "--data", "environment=staging").returncode


def test_hosts_that_nobody_can_reach_are_no_fault(tmp_path: Path) -> None:
    """No host is touched: an address that answers to nobody is read like any other."""
    hosts = 'app = [("app-1", {"ssh_hostname": "192.0.2.1"})]\n'

    assert 0 == lint(write(tmp_path, {"inventories/prod.py": hosts}), "inventories/prod.py").returncode
