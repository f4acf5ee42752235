"""The role certificates: files that are given, and self-signed ones."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from roles.certificates import MATCHES, certificates
from slackwater import App, Balancer, Nginx, Secret, Tls
from tests.roles.bare import Bare
from tests.roles.test_nginx import written

MISSING = {"echo missing": ["missing"]}
FOLDER = "/etc/nginx/slackwater/tls"


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tls:
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=shop.test -keyout shop.key -out shop.pem"
    subprocess.run(words.split(), cwd=tmp_path, check=True, capture_output=True)
    monkeypatch.setenv("SHOP_TLS_KEY", (tmp_path / "shop.key").read_text())
    return Tls.files(certificate=str(tmp_path / "shop.pem"), key=Secret.environment("SHOP_TLS_KEY"))


def run(run_role: Any, tls: Tls | None, **more: Any) -> Any:
    return run_role(certificates, groups=("balancer",), data={"balancer": Balancer(tls=tls)}, **more)


def key_of(tls: Tls) -> str:
    return os.environ["SHOP_TLS_KEY"].strip()


def test_nothing_is_done_where_nobody_speaks_tls(run_role: Any) -> None:
    """The balancer's default."""
    assert [] == run(run_role, None).executed_commands


def test_chain_and_key_are_one_file_that_only_root_reads(run_role: Any, pair: Tls) -> None:
    """One rename replaces both, so they never belong to different days."""
    done = run(run_role, pair)
    (text,) = written(done).values()
    (command,) = done.executed_commands

    assert [f"{FOLDER}/balancer.pem"] == list(written(done))
    assert text == pair.read_certificate() + key_of(pair) + "\n"
    assert f"install -d -m 700 -o root -g root {FOLDER}\n" in command


def test_the_key_shows_nowhere(run_role: Any, pair: Tls, capfd: pytest.CaptureFixture[str], caplog: Any) -> None:
    """Not in a command, where a process list would show it, not in a log, not in a settings object."""
    done = run(run_role, pair)
    line = key_of(pair).splitlines()[3]
    shown = "".join(capfd.readouterr()) + caplog.text + "".join(done.executed_commands) + repr(pair) + str(pair)

    assert line in "".join(written(done).values())
    assert line not in shown


def test_a_key_of_another_certificate_is_refused_on_the_host(tmp_path: Path, pair: Tls) -> None:
    """With a sentence, before anything is in place; a pair that belongs together passes."""
    staged = tmp_path / "stage/etc"
    staged.mkdir(parents=True)
    (staged / "balancer.pem").write_text(pair.bundle())
    right = check(tmp_path / "stage")
    words = ["openssl", "genpkey", "-algorithm", "RSA"]
    other = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    (staged / "balancer.pem").write_text(pair.read_certificate() + other)
    wrong = check(tmp_path / "stage")

    assert (0, "") == (right.returncode, right.stderr)
    assert 1 == wrong.returncode
    assert "the key is not that of the first certificate in the file, or it has a password" in wrong.stderr


def check(stage: Path) -> subprocess.CompletedProcess[str]:
    script = f'set -eu\nstage="{stage}"\n{MATCHES}'
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("tls", "name"),
    [
        (Tls.self_signed(domains=["shop.test"]), "self-signed"),
        (Tls.certbot(email="a@b.cd", domains=["shop.test"]), "certbot"),
    ],
)
def test_a_self_signed_one_is_made_on_the_host(run_role: Any, tls: Tls, name: str) -> None:
    """Also for certbot, until the authority's is there: nginx always has one to start with."""
    *_, command = run(run_role, tls, bare=Bare(lines=MISSING)).executed_commands

    assert "openssl req -x509" in command
    assert ",DNS:shop.test$addresses" in command
    assert f"[ -s {FOLDER}/{name}.pem ] ||" in command


def test_what_is_there_is_kept(run_role: Any) -> None:
    """Somebody may have told a browser to trust it."""
    done = run(run_role, Tls.self_signed())

    assert not any("openssl" in command for command in done.executed_commands)


def test_an_app_host_has_its_own(run_role: Any, shop: App, pair: Tls) -> None:
    """By the role's name, so that a host that is also a balancer has two."""
    app = shop.model_copy(update={"nginx": Nginx(tls=pair)})
    done = run_role(certificates, groups=("app",), data={"app": app})

    assert [f"{FOLDER}/app.pem"] == list(written(done))
