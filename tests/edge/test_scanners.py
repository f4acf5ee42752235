"""What those find who look for mistakes in nginx's configuration and in TLS."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from slackwater import Tls
from slackwater.resources import resource
from tests.edge.conftest import Start
from tests.edge.variants import VARIANTS

REQUIREMENTS = resource("requirements/edge.txt")


@pytest.fixture(scope="session")
def scanners(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pinned and hashed, in an environment of their own: they want other versions than we do."""
    folder = tmp_path_factory.mktemp("scanners")
    subprocess.run(["uv", "venv", "-q", str(folder)], check=True)
    install = ["uv", "pip", "install", "-q", "--no-config", "--python", str(folder), "--require-hashes"]
    trusting = os.environ | {"UV_SYSTEM_CERTS": "1"}  # as scripts/setup does: a network's own authority is believed
    subprocess.run([*install, "-r", str(REQUIREMENTS)], env=trusting, check=True)
    return folder / "bin"


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
    """TLS 1.2 and 1.3 with forward secrecy and authenticated encryption, nothing else; no known attack."""
    site = edge(tls=Tls.self_signed())
    out = site.place / "sslyze.json"
    command = [str(scanners / "sslyze"), "--quiet", f"--json_out={out}", f"127.0.0.1:{site.balancer.https_port}"]
    subprocess.run(command, check=False, capture_output=True)
    (server,) = json.loads(out.read_text())["server_scan_results"]
    found = {name: scan["result"] for name, scan in server["scan_result"].items() if scan and scan.get("result")}
    accepted = {
        name.removesuffix("_cipher_suites"): [
            suite["cipher_suite"]["name"] for suite in result["accepted_cipher_suites"]
        ]
        for name, result in found.items()
        if name.endswith("_cipher_suites")
    }

    assert {"tls_1_2", "tls_1_3"} == {protocol for protocol, suites in accepted.items() if suites}
    assert [] == [suite for suites in accepted.values() for suite in suites if not strong(suite)]
    assert not found["heartbleed"]["is_vulnerable_to_heartbleed"]
    assert not found["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"]
    assert not found["tls_compression"]["supports_compression"]
    assert not found["session_renegotiation"]["is_vulnerable_to_client_renegotiation_dos"]


def strong(suite: str) -> bool:
    is_authenticated = "_GCM_" in suite or "CHACHA20_POLY1305" in suite
    return is_authenticated and (suite.startswith("TLS_ECDHE_") or "_WITH_" not in suite)
