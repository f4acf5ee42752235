"""Wheels for the hosts: a release that brings all it needs, so that no host asks a package index."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from slackwater.errors import ReleaseError
from slackwater.release._pins import Pin

PIP_TIMEOUT = 900
"""Seconds for one Python's wheels: an index that hangs must end in a message, not in a build that never returns."""
LAST_LINES = 8

# The distributions' own: Debian 12, Ubuntu 24.04, Debian 13.
PYTHONS = ("3.11", "3.12", "3.13")
# The oldest C library among them, Debian 12's; a wheel for an older one runs on a newer.
GLIBC_MINOR = 36
MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}


@dataclass(frozen=True)
class Target:
    """A kind of host; `python` is a version such as "3.11"."""

    python: str
    machine: str

    def __str__(self) -> str:
        return f"Python {self.python} on {self.machine}"

    def takes(self, marker: Marker | None) -> bool:
        """True also where it depends on the patch release, which differs between hosts."""
        return marker is None or any(marker.evaluate(dict(each)) for each in self._environments())

    def platforms(self) -> Iterator[str]:
        yield from (f"manylinux_2_{minor}_{self.machine}" for minor in range(GLIBC_MINOR, 4, -1))
        yield from (f"manylinux2014_{self.machine}", f"linux_{self.machine}")

    def _environments(self) -> Iterator[Mapping[str, str]]:
        for patch in ("0", "99"):
            full = f"{self.python}.{patch}"
            yield {
                "python_version": self.python, "python_full_version": full, "implementation_version": full,
                "implementation_name": "cpython", "platform_python_implementation": "CPython",
                "os_name": "posix", "sys_platform": "linux", "platform_system": "Linux",
                "platform_machine": self.machine, "platform_release": "", "platform_version": "", "extra": "",
            }  # fmt: skip


def targets(python: str | None) -> list[Target]:
    """Those of an app: its own Python or each distribution's, on machines like this one."""
    found = platform.machine().lower()
    if found not in MACHINES:
        raise ReleaseError(f"wheels are fetched for x86_64 and aarch64, and this machine is {found}: build elsewhere")
    return [Target(each, MACHINES[found]) for each in ((python,) if python else PYTHONS)]


def by_name(pin: Pin, app: str) -> Pin:
    """A wheel that is required by its address, as the name and version under which the archive has it."""
    if not (asked := pin.requirement) or not asked.url:
        return pin
    try:
        name, version, *_ = parse_wheel_filename(unquote(urlsplit(asked.url).path.rpartition("/")[2]))
    except InvalidWheelFilename as error:
        raise ReleaseError(
            f"app {app}: '{pin.text}' is no wheel, so a host could not install it from the archive: "
            "name a wheel's address, or build the release without wheels"
        ) from error
    return replace(pin, text=f"{name}=={version}" + (f" ; {asked.marker}" if asked.marker else ""))


def fetch(app: str, pins: Iterable[Pin], target: Target, folder: Path) -> None:
    """Every wheel that the target needs, its hash checked, into `folder`; raises ReleaseError when one has no wheel."""
    if find_spec("pip") is None:
        raise ReleaseError("pip, which fetches wheels, is not installed here: pip install 'slackwater[deploy]'")
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder.with_name("wanted.txt")
    wanted.write_text("".join(map(str, _wanted(pins, target))))
    try:
        _pip(_command(target, wanted, folder), f"app {app}: wheels for {target} could not be fetched")
    finally:
        wanted.unlink()


def _wanted(pins: Iterable[Pin], target: Target) -> Iterator[Pin]:
    """Without markers: pip would ask them of the Python it runs on."""
    for pin in pins:
        requirement = Requirement(pin.text)
        if target.takes(requirement.marker):
            requirement.marker = None
            yield replace(pin, text=str(requirement))


def _command(target: Target, wanted: Path, folder: Path) -> list[str]:
    platforms = (word for each in target.platforms() for word in ("--platform", each))
    return [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"),
        *("--no-deps", "--require-hashes", "--only-binary=:all:", "--progress-bar=off"),
        *("--implementation", "cp", "--python-version", target.python, *platforms),
        *("--dest", str(folder), "--requirement", str(wanted)),
    ]


def _pip(command: list[str], failed: str) -> None:
    environment = {**index_of_uv(os.environ), **os.environ}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=PIP_TIMEOUT
        )
    except subprocess.TimeoutExpired as error:
        raise ReleaseError(f"{failed}: pip did not end within {PIP_TIMEOUT} s; is the package index up?") from error
    if done.returncode:
        lines = "\n".join("  " + line for line in done.stderr.strip().splitlines()[-LAST_LINES:])
        raise ReleaseError(
            f"{failed}; a package that has no wheel for it must be replaced, or the release built without wheels. "
            f"pip says:\n{lines}"
        )


def index_of_uv(environment: Mapping[str, str]) -> dict[str, str]:
    """uv resolved the requirements: pip must look where uv did, as far as uv was told by its variables."""
    pairs = {
        "PIP_INDEX_URL": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
        "PIP_EXTRA_INDEX_URL": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
        "PIP_FIND_LINKS": ("UV_FIND_LINKS",),
    }
    words = {name: " ".join(environment.get(theirs, "") for theirs in of_uv) for name, of_uv in pairs.items()}
    found = {name: " ".join(map(_address, text.replace(",", " ").split())) for name, text in words.items()}
    return {name: text for name, text in found.items() if text}


def _address(word: str) -> str:
    """uv takes "name=address" too, and pip does not."""
    name, equals, address = word.partition("=")
    return address if equals and name.isidentifier() else word
