"""Scanners of nginx's configuration and of TLS, which nothing else of ours needs."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from slackwater.resources import resource

REQUIREMENTS = resource("requirements/edge.txt")


def installed(folder: Path) -> Path:
    """Where their programs are. Pinned and hashed, in an environment of their own: they want other versions than we."""
    subprocess.run(["uv", "venv", "-q", str(folder)], check=True)
    install = ["uv", "pip", "install", "-q", "--no-config", "--python", str(folder), "--require-hashes"]
    trusting = os.environ | {"UV_SYSTEM_CERTS": "1"}  # as scripts/setup does: a network's own authority is believed
    subprocess.run([*install, "-r", str(REQUIREMENTS)], env=trusting, check=True)
    return folder / "bin"


def check_tls(scanners: Path, server: str, out: Path) -> None:
    """TLS 1.2 and 1.3 with forward secrecy and authenticated encryption, nothing else; no known attack."""
    command = [str(scanners / "sslyze"), "--quiet", f"--json_out={out}", server]
    subprocess.run(command, check=False, capture_output=True)
    (told,) = json.loads(out.read_text())["server_scan_results"]
    found = {name: scan["result"] for name, scan in told["scan_result"].items() if scan and scan.get("result")}
    accepted = {name: _suites(result) for name, result in found.items() if name.endswith("_cipher_suites")}

    assert {"tls_1_2_cipher_suites", "tls_1_3_cipher_suites"} == {name for name, suites in accepted.items() if suites}
    assert [] == [suite for suites in accepted.values() for suite in suites if not _is_strong(suite)]
    assert not found["heartbleed"]["is_vulnerable_to_heartbleed"]
    assert not found["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"]
    assert not found["tls_compression"]["supports_compression"]
    assert not found["session_renegotiation"]["is_vulnerable_to_client_renegotiation_dos"]


def _suites(result: dict[str, Any]) -> list[str]:
    return [suite["cipher_suite"]["name"] for suite in result["accepted_cipher_suites"]]


def _is_strong(suite: str) -> bool:
    is_authenticated = "_GCM_" in suite or "CHACHA20_POLY1305" in suite
    return is_authenticated and (suite.startswith("TLS_ECDHE_") or "_WITH_" not in suite)
