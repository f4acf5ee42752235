"""A disk is kept as an image and laid again: what was there before is gone, and the lab can log in."""

from __future__ import annotations

import os
from pathlib import Path

from slackwater.lab import LabHost
from slackwater.lab.launches import begin_with, keep
from slackwater.lab.launches.disk import let_in, upper
from tests.lab.launches.conftest import write


def test_a_kept_disk_is_an_image_of_others(host: LabHost, tmp_path: Path) -> None:
    """Times, modes and links too: systemd and pip compare them."""
    write(upper(host), {"etc/nginx/nginx.conf": "events {}"})
    (upper(host) / "etc/nginx/enabled").symlink_to("nginx.conf")
    os.utime(upper(host) / "etc/nginx/nginx.conf", (1000, 1000))
    keep(host, tmp_path / "image")

    write(upper(host), {"etc/nginx/nginx.conf": "of another instance", "var/lib/left": "behind"})
    begin_with(host, tmp_path / "image")

    laid = upper(host) / "etc/nginx/nginx.conf"
    assert ("events {}", 1000) == (laid.read_text(), laid.stat().st_mtime)
    assert "nginx.conf" == str((upper(host) / "etc/nginx/enabled").readlink())
    assert not (upper(host) / "var/lib/left").exists()


def test_a_sealed_disk_lets_the_lab_in_again(host: LabHost) -> None:
    """Logins and host key of the lab's own come back; what else was removed stays so."""
    for name in ("root/.ssh/authorized_keys", "etc/ssh/ssh_host_ed25519_key"):
        (upper(host) / name).unlink()
    write(upper(host), {"etc/machine-id": "", "etc/ssh/sshd_config": "Port 22"})

    let_in(host)

    assert "the lab's" == (upper(host) / "root/.ssh/authorized_keys").read_text()
    assert "the host's" == (upper(host) / "etc/ssh/ssh_host_ed25519_key").read_text()
    assert ("", "Port 22") == tuple(
        (upper(host) / name).read_text() for name in ("etc/machine-id", "etc/ssh/sshd_config")
    )
