"""What is removed of a host before it becomes an image: everything that is its own, and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from slackwater.image.seal import MARK, STEPS, script

ROOTED = re.compile(r"(?<=[\s'\"])/(etc|var|root|home|srv|tmp)(?=/)")
OWN = (
    "etc/slackwater/instance.json",
    "etc/slackwater/shop/src-1-0123abcd/secrets/KEY",
    "etc/slackwater/shop/live/src-1",
    "etc/slackwater/shop/src-1.2-0123abcd/environment",
    "etc/systemd/system/slackwater-shop@src-1-0123abcd.service",
    "srv/slackwater/shop/current",
    "srv/slackwater/shop/proved",
    "var/lib/slackwater/shop/state.db",
    "etc/nginx/slackwater/tls/self-signed.pem",
    "var/lib/cloud/instances/i-1/user-data.txt",
    "var/lib/dhcp/dhclient.eth0.leases",
    "var/log/nginx/access.log",
    "var/log/journal/0123/system.journal",
    "home/admin/.ssh/authorized_keys",
    "home/admin/.ssh/known_hosts",
    "home/admin/.ssh/known_hosts.old",
    "home/admin/.ssh/id_ed25519",
    "root/.ssh/authorized_keys",
    "root/.ssh/known_hosts",
    "root/.ssh/id_rsa",
    "root/.bash_history",
    "home/admin/.bash_history",
    *(f"{home}/{name}" for home in ("root", "home/admin") for name in (".python_history", ".viminfo", ".lesshst")),
    *(f"{home}/.aws/{name}" for home in ("root", "home/admin") for name in ("credentials", "cli/cache/1.json")),
    "var/lib/systemd/credential.secret",
    "var/lib/systemd/random-seed",
    "etc/ssh/ssh_host_ed25519_key",
    "etc/ssh/ssh_host_ed25519_key.pub",
    "var/lib/dbus/machine-id",
)
KEPT = (
    "home/admin/.bashrc",
    "home/admin/.ssh/config",
    "etc/ssh/sshd_config",
    "etc/slackwater/drain.d/10-shiplogs",
    "etc/slackwater/drain.d/20-deadbeef",
    "etc/nginx/nginx.conf",
    "srv/slackwater/shop/releases/src-1/release.json",
    "srv/slackwater/shop/environments/0123/environment.json",
    "usr/local/lib/slackwater/agents/__init__.py",
    "etc/systemd/system/nginx.service.d/slackwater.conf",
)
PROGRAMS = {"systemctl": "exit 0", "journalctl": "exit 0", "cloud-init": "exit 0", "sync": "exit 0"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A host's files in a directory of their own, and programs that would act on this machine in names alone."""
    top = tmp_path / "host"
    for name in (*OWN, *KEPT, "etc/machine-id"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text("its own\n")
    for name, text in PROGRAMS.items():
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    for folder in ("tmp", "var/tmp"):
        (top / folder).mkdir(parents=True)
    return top


def seal(root: Path) -> subprocess.CompletedProcess[str]:
    """Every path below `root`; one that was missed would be one of this machine, so that is looked at first."""
    text = ROOTED.sub(rf"{root}/\1", script())
    paths = re.findall(r"(?<![\w.-])/(?!dev/null)[\w.]+/\S*", text)

    assert [] == [path for path in paths if not path.startswith(f"{root}/")]
    path = {"PATH": f"{root.parent}/bin:{os.environ['PATH']}"}
    return subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=False, env=path)


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_what_is_the_hosts_own_goes_and_the_rest_stays(root: Path) -> None:
    """Instances of the image make their own keys, ids and logs, and find release and environment in place."""
    done = seal(root)

    assert (0, f"{MARK}\n") == (done.returncode, done.stdout), done.stderr
    assert {*KEPT, "etc/machine-id"} == files(root)
    assert "" == (root / "etc/machine-id").read_text()


def test_it_may_be_typed_again(root: Path) -> None:
    """A run that was cut off half-way is finished by the next."""
    seal(root)
    done = seal(root)

    assert (0, f"{MARK}\n") == (done.returncode, done.stdout)


def test_what_could_not_be_removed_is_named(root: Path) -> None:
    """An image with somebody's keys in it is worse than none."""
    bin_rm = root.parent / "bin/rm"
    bin_rm.write_text("#!/bin/sh\nexit 0\n")
    bin_rm.chmod(0o755)
    done = seal(root)

    assert 1 == done.returncode
    assert "still there: " in done.stdout
    assert "etc/ssh/ssh_host_ed25519_key" in done.stdout


def test_the_ways_in_go_last() -> None:
    """Until then the same command can be typed again over ssh."""
    assert "ssh host keys" == STEPS[-1].what
