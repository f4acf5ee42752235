"""The role python, as the commands that it runs."""

from __future__ import annotations

from typing import Any

from roles.python import python
from slackwater.resources import resource
from tests.roles.bare import Bare


def test_uv_comes_with_its_hash_checked(run_role: Any) -> None:
    """The pinned wheel and no other; what is installed is written down last."""
    done = run_role(python)
    lines = done.executed_commands[0].splitlines()

    assert 1 == len(done.executed_commands)
    assert any("--require-hashes" in line for line in lines)
    assert "install -m 644" in lines[-1]
    assert resource("requirements/uv.txt").read_text() == done.stdin[0]


def test_uv_that_is_there_is_left_alone(run_role: Any) -> None:
    """The list on the host is the pinned one: nothing runs."""
    wanted = resource("requirements/uv.txt").read_text().splitlines()

    assert [] == run_role(python, bare=Bare(lines={"cat /opt/slackwater/uv": wanted})).executed_commands
