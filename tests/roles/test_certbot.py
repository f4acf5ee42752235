"""The role certbot: a certificate once nginx answers, and its renewal. tests/edge/test_certbot.py runs it for real."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from roles.certbot import certbot
from slackwater import Balancer, Tls
from tests.roles.bare import Bare
from tests.roles.test_nginx import written

TLS = Tls.certbot(email="ops@example.com", domains=["shop.example.com", "www.shop.example.com"])
WANTED = "shop.example.com www.shop.example.com ops@example.com default"


def run(run_role: Any, tls: Tls | None, bare: Bare | None = None) -> Any:
    return run_role(certbot, groups=("balancer",), data={"balancer": Balancer(tls=tls)}, bare=bare)


def test_nothing_is_done_without_it(run_role: Any) -> None:
    """certbot is not installed where nobody asked for it."""
    assert [] == run(run_role, None).executed_commands
    assert [] == run(run_role, Tls.self_signed()).executed_commands


def test_the_distributions_own_timer_renews(run_role: Any) -> None:
    """Package, hook, timer, certificate, in this order."""
    install, hook, timer, fetch = run(run_role, TLS).executed_commands

    assert "install certbot" in install
    assert "/usr/local/sbin/slackwater-certificate" in hook
    assert "certbot.timer" in timer
    assert "--deploy-hook /usr/local/sbin/slackwater-certificate" in fetch
    assert "-d shop.example.com -d www.shop.example.com " in fetch
    assert "--webroot-path /var/lib/slackwater/acme" in fetch


def test_what_was_fetched_is_not_asked_for_again(run_role: Any) -> None:
    """Authorities count; another list of domains is another certificate."""
    same = run(run_role, TLS, Bare(lines={"/etc/letsencrypt/slackwater": [WANTED]})).executed_commands
    other = run(run_role, TLS, Bare(lines={"/etc/letsencrypt/slackwater": ["other.example.com a@b.cd default"]}))

    assert not any("certbot certonly" in command for command in same)
    assert any("certbot certonly" in command for command in other.executed_commands)


def test_another_authority_may_be_named(run_role: Any) -> None:
    """By its directory."""
    tls = Tls.certbot(email="a@b.cd", domains=["shop.example.com"], server="https://ca.example.com/dir")
    *_, fetch = run(run_role, tls).executed_commands

    assert "--server 'https://ca.example.com/dir'" in fetch


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_scripts_are_shell(run_role: Any, shell: str) -> None:
    """Both that runs now and that which certbot calls in two months."""
    done = run(run_role, TLS)
    (hook,) = written(done).values()
    for script in (hook, done.executed_commands[-1]):
        said = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, check=False)

        assert (0, "") == (said.returncode, said.stderr)
