"""What those find who look for mistakes in nginx's configuration and in TLS."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from slackwater import Tls
from tests.edge.conftest import Start
from tests.edge.scanning import check_tls, installed
from tests.edge.variants import VARIANTS


@pytest.fixture(scope="session")
def scanners(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("scanners"))


@pytest.mark.parametrize("name", VARIANTS)
def test_gixy_finds_nothing(edge: Start, scanners: Path, name: str) -> None:
    """Of medium or above, whatever is set; that HSTS is off unless set is no mistake."""
    settings = VARIANTS[name]
    site = edge(**settings)
    skips = [] if settings.get("hsts") else ["--skips", "hsts_header"]
    command = [str(scanners / "gixy"), "-ll", "-f", "json", *skips, str(site.configuration)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    found = json.loads(done.stdout)

    assert [] == [(fault["plugin"], fault["summary"], fault.get("config")) for fault in found]


def test_sslyze_finds_no_old_protocol_and_no_weak_cipher(edge: Start, scanners: Path) -> None:
    """Nor an attack that is known."""
    site = edge(tls=Tls.self_signed())
    check_tls(scanners, f"127.0.0.1:{site.balancer.https_port}", site.place / "sslyze.json")
