"""Runs tar, chmod, sync and uv, bounded, with what a login would have in its environment."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from .failures import SlotsError
from .layout import Layout

UV_SETTINGS = {
    "UV_SYSTEM_CERTS": "1",  # a company's own certificate authority is in the system's store
    "UV_NO_CONFIG": "1",
    # A whole fleet asks one proxy or index at once: uv's own fifty connections a host and ten seconds are for one.
    "UV_CONCURRENT_DOWNLOADS": "8",
    "UV_HTTP_CONNECT_TIMEOUT": "30",
    "UV_HTTP_RETRIES": "6",
}
INSTALL_TIMEOUT = 900
"""Seconds for one call of uv: an index that hangs must end in a message, not in a converge that never returns."""


class ReleaseError(SlotsError):
    """The release could not be installed; nothing uses what is there of it."""


def cache(layout: Layout) -> Path:
    return layout.root / "var/cache/slackwater/uv"


def uv(layout: Layout, *words: str) -> None:
    places = {"UV_CACHE_DIR": str(cache(layout)), "UV_PYTHON_INSTALL_DIR": str(layout.root / "opt/slackwater/python")}
    run(str(layout.root / "opt/slackwater/uv/bin/uv"), *words, variables=UV_SETTINGS | places)


def run(*words: str, variables: dict[str, str] | None = None) -> None:
    """Raises ReleaseError with the end of what the program said."""
    given = environment() | (variables or {})
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=INSTALL_TIMEOUT, env=given)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-3000:]
        raise ReleaseError(f"{' '.join(words[:3])} failed with {done.returncode}:\n{said}")


def environment(file: Path = Path("/etc/environment")) -> dict[str, str]:
    """What a login would have: a proxy or an own certificate authority stands there, and sudo and boot forget it."""
    text = file.read_text() if file.exists() else ""
    pairs = re.findall(r"^\s*(?:export\s+)?(\w+)=[\"']?(.*?)[\"']?\s*$", text, re.MULTILINE)
    return dict(pairs) | dict(os.environ)
