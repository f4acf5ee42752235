"""The role python, as the commands that it runs."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from roles.python import INSTALL, python
from slackwater.resources import resource
from tests.roles.bare import Bare


@pytest.mark.parametrize("group", ["app", "worker"])
def test_uv_comes_with_its_hash_checked(run_role: Any, group: str) -> None:
    """The pinned wheel and no other; what is installed is written down last."""
    done = run_role(python, groups=(group,))
    lines = done.executed_commands[0].splitlines()

    assert 1 == len(done.executed_commands)
    assert any("--require-hashes" in line for line in lines)
    assert "install -m 644" in lines[-1]
    assert resource("requirements/uv.txt").read_text() == done.stdin[0]


def test_uv_that_is_there_is_left_alone(run_role: Any) -> None:
    """The list on the host is the pinned one: nothing runs."""
    wanted = resource("requirements/uv.txt").read_text().splitlines()

    assert (
        [] == run_role(python, groups=("app",), bare=Bare(lines={"cat /opt/slackwater/uv": wanted})).executed_commands
    )


def test_the_environment_of_a_login_reaches_pip(tmp_path: Path) -> None:
    """/etc/environment is no shell: quotes, spaces, `export`, comments and lines that are no variable are legal."""
    file = tmp_path / "environment"
    file.write_text("https_proxy=\"http://10.0.0.1:3128\"\nJAVA_OPTS=-Xmx1g -Xms1g\nexport NAME='x'\n# note\nA-B=1")
    script = INSTALL.split("rm -rf")[0].replace("/etc/environment", str(file)) + "printenv https_proxy JAVA_OPTS NAME\n"
    done = subprocess.run(["sh", "-c", script], input="", check=False, capture_output=True, text=True)

    assert ["http://10.0.0.1:3128", "-Xmx1g -Xms1g", "x"] == done.stdout.splitlines(), done.stderr


def test_other_hosts_are_left_alone(run_role: Any) -> None:
    """Only a release needs it."""
    assert [] == run_role(python, groups=("balancer", "cache")).executed_commands
