"""The units of the agent and its helpers, as systemd reads them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from slackwater import Balancer
from slackwater.engine.render import render

UNITS = {
    "upstreams/upstreams.service": "slackwater-upstreams.service",
    "upstreams/cut.socket": "slackwater-cut.socket",
    "upstreams/cut@.service": "slackwater-cut@.service",
    "upstreams/reload.path": "slackwater-reload.path",
    "upstreams/reload.service": "slackwater-reload.service",
}


def written(folder: Path) -> dict[str, str]:
    texts = {unit: render(f"{name}.j2", balancer=Balancer()) for name, unit in UNITS.items()}
    for unit, text in texts.items():
        (folder / unit).write_text(text)
    return texts


def test_systemd_understands_them(tmp_path: Path) -> None:
    """Without a word of warning about a line of theirs."""
    written(tmp_path)
    units = [str(tmp_path / unit) for unit in UNITS.values() if "@" not in unit]
    words = ["systemd-analyze", "verify", "--man=no", *units, str(tmp_path / "slackwater-cut@1.service")]
    (tmp_path / "slackwater-cut@1.service").symlink_to("slackwater-cut@.service")
    environment = {"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=60, check=False)

    assert [] == [line for line in done.stderr.splitlines() if "slackwater-" in line]


@pytest.mark.parametrize("unit", ["slackwater-upstreams.service", "slackwater-cut@.service"])
def test_they_are_shut_in(tmp_path: Path, unit: str) -> None:
    """Only the helper has a capability, and only the one."""
    text = written(tmp_path)[unit]
    capabilities = re.search(r"^CapabilityBoundingSet=(.*)$", text, re.MULTILINE)

    assert "User=slackwater" in text
    assert "ProtectSystem=strict" in text
    assert capabilities
    assert ("CAP_NET_ADMIN" if "cut@" in unit else "") == capabilities[1]


def test_the_directory_is_the_guard() -> None:
    """nginx makes its sockets for everybody."""
    assert "d /run/slackwater-balancer 0750 root slackwater -" in render("balancer/tmpfiles.conf.j2").splitlines()
