"""Runs uv, the installer that comes with the package `uv`, and turns its failures into sentences."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from slackwater.errors import ReleaseError

# A package index that accepts connections and then says nothing would hold a deploy for ever.
UV_TIMEOUT = 600.0

# Of a long resolution report the end says what cannot be satisfied.
LAST_LINES = 15


def uv(*arguments: str, cwd: Path, failed: str) -> str:
    """What uv prints; raises ReleaseError that begins with `failed` and ends with uv's last lines."""
    try:
        result = subprocess.run(
            [_program(), *arguments],
            cwd=cwd, env=_environment(), capture_output=True, text=True, timeout=UV_TIMEOUT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ReleaseError(f"{failed}: uv did not end within {UV_TIMEOUT:.0f} s; is the package index up?") from error
    if result.returncode != 0:
        raise ReleaseError(f"{failed}; uv says:\n{_last_lines(result.stderr)}")
    return result.stdout


def _program() -> str:
    try:
        from uv import find_uv_bin

        return find_uv_bin()
    except (ImportError, FileNotFoundError) as error:
        raise ReleaseError("uv is not installed beside slackwater: pip install 'slackwater[deploy]'") from error


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        # A company's own certificate authority is in the system's store; uv brings its own and would refuse the index.
        "UV_SYSTEM_CERTS": "1",
        "UV_NO_PROGRESS": "1",
        # The first day that a wheel can carry: without it equal sources would give wheels that differ.
        "SOURCE_DATE_EPOCH": "315532800",
    }


def _last_lines(text: str) -> str:
    return "\n".join("  " + line for line in text.strip().splitlines()[-LAST_LINES:])
