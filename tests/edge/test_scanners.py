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


def found_by_gixy(scanners: Path, configuration: Path, skips: list[str]) -> list[dict[str, str]]:
    """What is of medium or above. Raises AssertionError when it could not read something."""
    command = [str(scanners / "gixy"), "-ll", "-f", "json", *skips, str(configuration)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "" == done.stderr
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", VARIANTS)
def test_gixy_finds_nothing(edge: Start, scanners: Path, name: str) -> None:
    """Of medium or above, whatever is set; that HSTS is off unless set is no mistake."""
    settings = VARIANTS[name]
    site = edge(**settings)
    skips = [] if settings.get("hsts") else ["--skips", "hsts_header"]
    found = found_by_gixy(scanners, site.configuration, skips)

    assert [] == [(fault["plugin"], fault["summary"], fault.get("config")) for fault in found]


def test_gixy_finds_what_is_planted(edge: Start, scanners: Path) -> None:
    """In a file that only the others lead to: that it finds nothing elsewhere is no blindness."""
    site = edge()
    (planted,) = site.place.glob("etc/nginx/slackwater.d/balancer.conf")
    split = "    add_header X-Planted $uri;\n    return 302 https://$host$uri;\n"
    planted.write_text(
        planted.read_text().replace(
            "    location / {\n", f"    location /planted {{\n{split}    }}\n    location / {{\n", 1
        )
    )
    found = found_by_gixy(scanners, site.configuration, ["--skips", "hsts_header"])

    assert "http_splitting" in {fault["plugin"] for fault in found}


def test_sslyze_finds_no_old_protocol_and_no_weak_cipher(edge: Start, scanners: Path) -> None:
    """Nor an attack that is known."""
    site = edge(tls=Tls.self_signed())
    check_tls(scanners, f"127.0.0.1:{site.balancer.https_port}", site.place / "sslyze.json")
