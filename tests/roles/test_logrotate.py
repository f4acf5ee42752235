"""The role logrotate, accepted by logrotate itself."""

from __future__ import annotations

from typing import Any

from roles.logrotate import logrotate
from slackwater import App, Logs
from tests.roles.test_nginx import written


def test_logs_are_kept_compressed_and_reopened_by_signal(run_role: Any, shop: App) -> None:
    """Daily, as many as declared, and never copied and truncated."""
    files = written(run_role(logrotate, groups=("app",), data={"app": shop, "logs": Logs(keep=9)}))

    assert {"/etc/logrotate.d/nginx", "/etc/logrotate.d/slackwater-app"} == set(files)
    for text in files.values():
        words = text.split()
        assert {"daily", "compress", "sharedscripts"} <= set(words)
        assert "9" == words[words.index("rotate") + 1]
        assert "--signal=USR1" in words
        assert "copytruncate" not in words


def test_a_balancer_rotates_only_nginx(run_role: Any) -> None:
    """There is no app there."""
    assert ["/etc/logrotate.d/nginx"] == list(written(run_role(logrotate, groups=("balancer",))))


def test_logrotate_reads_it_before_it_is_there(run_role: Any) -> None:
    """The check stands before the first rename."""
    command = run_role(logrotate, groups=("balancer",)).executed_commands[0]

    assert 0 < command.index("logrotate --debug") < command.index("mv -fT")
