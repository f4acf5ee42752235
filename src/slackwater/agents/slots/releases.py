"""A release on a VM: verified, unpacked, given a virtual environment of its own, marked when it is whole."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .layout import MARKER, Layout

UV = "/opt/slackwater/uv/bin/uv"
UV_SETTINGS = {
    "UV_SYSTEM_CERTS": "1",  # a company's own certificate authority is in the system's store
    "UV_CACHE_DIR": "/var/cache/slackwater/uv",
    "UV_PYTHON_INSTALL_DIR": "/opt/slackwater/python",
    "UV_NO_CONFIG": "1",
    # A whole fleet asks one proxy or index at once: uv's own fifty connections a host and ten seconds are for one.
    "UV_CONCURRENT_DOWNLOADS": "8",
    "UV_HTTP_CONNECT_TIMEOUT": "30",
    "UV_HTTP_RETRIES": "6",
}
SOME_TIME, SOME_YEARS = 946_684_800, 20 * 365 * 86_400
"""2000 and twenty years, in seconds: a static file's time is none of the future."""
INSTALL_TIMEOUT = 900
"""Seconds for one call of uv: an index that hangs must end in a message, not in a converge that never returns."""


class ReleaseError(Exception):
    """The release could not be installed; nothing uses what is there of it."""


@dataclass(frozen=True)
class Order:
    """What to install: `python` is an interpreter's path or a version, `group` the app's own."""

    release: str
    archive: Path
    sha256: str
    group: str
    python: str


def install(layout: Layout, order: Order) -> None:
    """Makes the release from its archive; does nothing when it is there already."""
    place = layout.release(order.release)
    if not (place / MARKER).exists():
        if hashlib.sha256(order.archive.read_bytes()).hexdigest() != order.sha256:
            raise ReleaseError(f"{order.archive} is not the archive that was built (sha256 {order.sha256} expected)")
        if order.release != layout.live_release():  # one that serves was whole: it has only lost its marker
            make(place, order)
        _mark(place, order.archive)
    order.archive.unlink(missing_ok=True)


def make(place: Path, order: Order) -> None:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True, mode=0o755)
    _run("tar", "-xzf", str(order.archive), "-C", str(place), "--no-same-owner", "--anchored", f"--exclude={MARKER}")
    make_environment(place, order.python)
    _protect(place, order.group)


def make_environment(place: Path, python: str) -> None:
    """The virtual environment: locked requirements with their hashes, then the app's own wheel if it has one."""
    _uv("venv", "--quiet", "--python", python, str(place / "venv"))
    pip = ["pip", "install", "--quiet", "--python", str(place / "venv/bin/python"), "--compile-bytecode"]
    _uv(*pip, "--require-hashes", "--requirement", str(place / "requirements.txt"))
    wheels = sorted(map(str, place.glob("wheels/*.whl")))
    if wheels:
        _uv(*pip, "--no-deps", *wheels)


def _uv(*words: str) -> None:
    _run(UV, *words)


def _run(*words: str) -> None:
    done = subprocess.run(
        words, check=False, capture_output=True, text=True, timeout=INSTALL_TIMEOUT, env=environment()
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-3000:]
        raise ReleaseError(f"{' '.join(words[:3])} failed with {done.returncode}:\n{said}")


def environment(file: Path = Path("/etc/environment")) -> dict[str, str]:
    """What a login would have: a proxy or an own certificate authority stands there, and sudo and boot forget it."""
    text = file.read_text() if file.exists() else ""
    pairs = re.findall(r"^\s*(?:export\s+)?(\w+)=[\"']?(.*?)[\"']?\s*$", text, re.MULTILINE)
    return dict(pairs) | dict(os.environ) | UV_SETTINGS


def _protect(place: Path, group: str) -> None:
    """root owns all of it, the app's group may read, nobody else.

    What is in the virtual environment is shared with uv's cache: its own mode stays, its folder shuts it off.
    """
    _run("chmod", "-R", "u=rwX,go=rX", str(place / "venv"))
    _run("chown", "-R", f"root:{group}", str(place / "app"))
    _run("chmod", "-R", "u=rwX,g=rX,o=", str(place / "app"))
    for folder in (place, place / "venv", place / "wheels"):
        shutil.chown(folder, "root", group)
        folder.chmod(0o750)


def publish(layout: Layout, release: str, public: list[str]) -> None:
    """Opens folders of static files, below app/, to the web server; all else stays shut.

    Archives carry no times, and nginx's ETag is made of size and time: a file's time is taken from its content, so that
    a changed file has another ETag and every host the same.
    """
    place = layout.release(release)
    for folder in (place / "app" / name for name in public):
        _run("chmod", "-R", "o+rX", str(folder))
        for parent in [place, *(place / part for part in _upwards(folder.relative_to(place)))]:
            parent.chmod(parent.stat().st_mode | 0o001)
        for file in filter(Path.is_file, folder.rglob("*")):
            time = SOME_TIME + int(hashlib.sha256(file.read_bytes()).hexdigest()[:8], 16) % SOME_YEARS
            os.utime(file, (time, time))


def _upwards(path: Path) -> list[Path]:
    return [path, *list(path.parents)[:-1]]


def _mark(place: Path, archive: Path) -> None:
    """The marker comes after everything else has reached the disk: a power cut leaves a whole release or none."""
    new = place / f".{MARKER}"
    done = subprocess.run(["tar", "-xzOf", str(archive), MARKER], check=True, capture_output=True)
    new.write_bytes(done.stdout)
    _run("sync", "-f", str(place))
    new.rename(place / MARKER)
