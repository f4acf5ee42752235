"""The role base, as the commands that it runs on a bare host."""

from __future__ import annotations

import re
from typing import Any

import pytest

from roles.base import base
from slackwater.engine import render
from tests.roles.bare import Bare


@pytest.mark.parametrize("found", [("ubuntu", "22.04"), ("debian", "11"), ("rocky", "9.4"), ("debian", "")])
def test_an_unsupported_system_is_refused_before_anything_is_touched(run_role: Any, found: tuple[str, str]) -> None:
    """One sentence names the host, what it is and what is supported; no other command runs."""
    done = run_role(base, bare=Bare(system=dict(zip(("system", "version"), found, strict=True))))

    assert 1 == len(done.executed_commands)
    assert (
        f"@fake/me is {' '.join(found).strip()}; Slackwater supports Debian 12, Debian 13 and Ubuntu 24.04"
        in (done.executed_commands[0])
    )


def test_packages_of_all_roles_come_in_one_transaction(run_role: Any) -> None:
    """A host that is balancer and app host pays for apt once."""
    done = run_role(base, groups=("app", "balancer"))
    installs = [command for command in done.executed_commands if "apt-get -q -y" in command]

    assert 1 == len(installs)
    assert {"nginx", "python3-venv", "logrotate", "unattended-upgrades"} <= set(installs[0].split())


def test_a_time_daemon_that_is_there_stays(run_role: Any) -> None:
    """systemd-timesyncd would remove the cloud image's chrony: it comes only where nothing keeps the time."""
    plain, chrony = run_role(base), run_role(base, bare=Bare(system={"time_daemon": "/usr/sbin/chronyd"}))

    assert any("systemd-timesyncd" in command for command in plain.executed_commands)
    assert not any("systemd-timesyncd" in command for command in chrony.executed_commands)


@pytest.mark.parametrize(("system", "origin"), [("debian", "Debian-Security"), ("ubuntu", "-security,label=Ubuntu")])
def test_updates_come_from_the_security_origin_only(system: str, origin: str) -> None:
    """No other origin, no reboot, nginx and Python held back."""
    text = render("base/unattended-upgrades.j2", system=system)

    assert 1 == text.count("origin=")
    assert origin in text
    assert 'Automatic-Reboot "false"' in text
    assert {'"^nginx";', '"^python3";', '"^libpython3";'} <= set(text.split())


@pytest.mark.parametrize(
    "package", ["nginx", "libnginx-mod-http-lua", "lua-resty-core", "libluajit-5.1-2", "libluajit2-5.1-2", "keepalived"]
)
def test_what_must_fit_together_is_held_together(package: str) -> None:
    """lua-resty-core refuses to run with another version of nginx's module, and keepalived moves the address."""
    text = render("base/unattended-upgrades.j2", system="debian")
    held = re.findall(r'^    "(\^.*)";$', text, re.M)

    assert any(re.match(pattern, package) for pattern in held)
    assert not any(re.match(pattern, "openssl") for pattern in held)


@pytest.mark.parametrize("unit", ["nginx.service", "keepalived.service", "slackwater-upstreams.service"])
def test_needrestart_leaves_alone_what_serves(unit: str) -> None:
    """It would restart it at night, after an update of a library."""
    (pattern,) = re.findall(r"qr\((.*)\)}", render("base/needrestart.conf.j2"))

    assert re.match(pattern, unit)
