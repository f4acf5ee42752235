"""The role former apps: what another name left behind."""

from __future__ import annotations

from typing import Any

from roles.former_apps import former_apps
from slackwater import App
from tests.roles.bare import Bare


def test_a_former_app_is_retired(run_role: Any, shop: App) -> None:
    """Its settings are still there, so it goes."""
    done = run_role(
        former_apps, groups=("app",), data={"app": shop}, bare=Bare(lines={"/etc/slackwater/*/": ["store"]})
    )

    assert ["# retire former apps"] == [command.splitlines()[0] for command in done.executed_commands]


def test_nothing_is_done_where_there_is_none(run_role: Any, shop: App) -> None:
    """The host lists no other app."""
    assert [] == run_role(former_apps, groups=("app",), data={"app": shop}).executed_commands
