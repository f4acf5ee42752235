"""Slackwater itself as a wheel, made of the package that runs: from a checkout and from an installation alike."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from slackwater.release._tree import entries
from slackwater.resources import PACKAGE, resource

BESIDE = ("roles", "templates", "requirements")
LEFT_OUT = ("/lab", "/project", *(f"/{name}" for name in BESIDE))
"""An instance runs no lab and writes no new project; what stands beside the package in a checkout comes by itself."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip file can name."""


def write_wheel(folder: Path) -> Path:
    """Equal packages give equal bytes: sorted names, one time, one mode, no compression that differs by version."""
    told = version("slackwater")
    files = {**dict(_files()), **_metadata(told)}
    info = f"slackwater-{told}.dist-info"
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    path = folder / f"slackwater-{told}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as wheel:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o100644 << 16
            wheel.writestr(entry, content)
    return path


def _files() -> Iterator[tuple[str, bytes]]:
    for entry in entries(PACKAGE):
        if not f"/{entry.name}".startswith(tuple(f"{name}/" for name in LEFT_OUT)):
            yield f"slackwater/{entry.name}", entry.path.read_bytes()
    for name in BESIDE:
        for entry in entries(resource(name)):
            yield f"slackwater/{name}/{entry.name}", entry.path.read_bytes()


def _metadata(told: str) -> dict[str, bytes]:
    """What it depends on stands in the bundle's requirements, with hashes."""
    info = f"slackwater-{told}.dist-info"
    return {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: slackwater\nVersion: {told}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: slackwater\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": b"[console_scripts]\nslackwater = slackwater.cli:main\n",
    }


def _record(files: dict[str, bytes], own: str) -> bytes:
    lines = [f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in sorted(files.items())]
    return "".join([*lines, f"{own},,\n"]).encode()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
