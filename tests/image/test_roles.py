"""Roles on a host that becomes an image: everything is put in place, and nothing is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from roles.app import app as app_role
from roles.logrotate import logrotate as logrotate_role
from roles.nginx import nginx as nginx_role
from slackwater import App, Secret, Store
from tests.roles.conftest import run_role, shop

__all__ = ["run_role", "shop"]
MODE = {"slackwater_mode": "image"}


def test_the_app_is_installed_and_gets_no_slot(run_role: Any, shop: App, tmp_path: Path) -> None:
    """A slot is of one host's memory and secrets; the release and its environment are the same on all."""
    told = {"app": shop, "store": Store.directory(str(tmp_path / "store")), **MODE}
    done = run_role(app_role, groups=("app",), data=told)
    begins = [
        "groupadd -f -r sw-shop && useradd",
        "# write /srv/slackwater /etc/slackwater",
        "upload /srv/slackwater/shop/incoming/src-",
        "slackwater-slots install shop src-",
    ]

    assert begins == [command[: len(begin)] for command, begin in zip(done.executed_commands, begins, strict=True)]


def test_no_secret_is_asked_for(run_role: Any, shop: App, tmp_path: Path) -> None:
    """The host that becomes an image may have no role, and the operator no value."""
    secrets = {"A": Secret.ssm("/shop/a"), "B": Secret.environment("NOT_SET_7")}
    told = {"app": shop.model_copy(update={"secrets": secrets}), "store": Store.directory(str(tmp_path / "store"))}
    done = run_role(app_role, groups=("app",), data={**told, **MODE})

    assert "slackwater-slots install shop src-" in done.executed_commands[-1]


def test_nginx_is_configured_and_not_started(run_role: Any, shop: App) -> None:
    """An instance that answers before it serves would be taken for a sick one."""
    done = run_role(nginx_role, groups=("app",), data={"app": shop, **MODE})
    commands = "\n".join(done.executed_commands)

    assert "/etc/nginx/slackwater.d/app.conf" in commands
    assert "systemctl start" not in commands
    assert "systemctl enable" not in commands
    assert "ss -ltnpH" not in commands


def test_without_the_mode_it_is_started(run_role: Any, shop: App) -> None:
    """The difference is the mode alone."""
    done = run_role(nginx_role, groups=("app",), data={"app": shop})

    assert "systemctl start nginx.service" in "\n".join(done.executed_commands)


def test_logs_rotate_in_an_image_too(run_role: Any, shop: App) -> None:
    """Settings that are the same everywhere are in it."""
    done = run_role(logrotate_role, groups=("app",), data={"app": shop, **MODE})

    assert "/etc/logrotate.d/slackwater-app" in "\n".join(done.executed_commands)
