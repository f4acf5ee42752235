"""Secrets of AWS as files of a slot, root's alone, which systemd hands to the app as credentials."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ..files import write_whole
from . import resolve
from .failures import SlotsError
from .layout import Layout

NAMES = "secrets.json"
BOOT_PATIENCE = 10
"""Seconds at a boot: what the slot was given before is still there, and nginx waits for it."""


class CredentialsError(SlotsError):
    """A slot lacks a secret, and AWS does not give it; nothing was started."""


def provide(layout: Layout, slot: str, patience: float = resolve.PATIENCE) -> None:
    """Resolves them anew before the slot starts. What it has is kept while AWS is away, and only then.

    Raises CredentialsError for one that it never had, or that the disk does not take.
    """
    wanted = _wanted(layout, slot)
    if not wanted:
        return
    resolve.take_up_proxies()
    try:
        found = resolve.resolve(wanted, patience)
    except resolve.SecretError as error:
        if lacking := missing(layout, slot):
            raise CredentialsError(f"{slot} cannot start without {', '.join(lacking)}: {error}") from error
        print(f"{slot} keeps the secrets that it has: {error}", file=sys.stderr)
        return
    for name, one in found.items():
        try:
            _write(_folder(layout, slot) / name, one.value)
        except OSError as error:
            raise CredentialsError(f"{slot}: its secret {name} cannot be written: {error}") from error


def missing(layout: Layout, slot: str) -> list[str]:
    """Secrets of AWS that the slot needs and has not: without them systemd does not start it."""
    return [name for name in sorted(_wanted(layout, slot)) if not (_folder(layout, slot) / name).is_file()]


def _wanted(layout: Layout, slot: str) -> dict[str, dict[str, Any]]:
    try:
        return dict(json.loads((layout.settings / slot / NAMES).read_text()))
    except FileNotFoundError:
        return {}


def _folder(layout: Layout, slot: str) -> Path:
    return layout.settings / slot / "secrets"


def _write(path: Path, value: str) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.is_file() or path.read_text() != value:
        write_whole(path, value, 0o600)
