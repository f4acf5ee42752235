"""Files and links that are whole or not there, also after a power cut."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, text: str, mode: int = 0o644, *, lasting: bool = True) -> None:
    """Nobody finds half of it. It is on the disk when this returns, unless it is for this boot only, and not `lasting`.

    Root writes into folders of others, too: a link that one of them has put there is not followed. Raises OSError.
    """
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with new.open("x") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        if lasting:
            os.fsync(file.fileno())
    new.rename(path)
    if lasting:
        sync_folder(path.parent)


def point(link: Path, to: str) -> None:
    """Makes `link` point to `to` by one rename: nobody ever finds it missing. It is on the disk before this returns."""
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(to)
    new.rename(link)
    sync_folder(link.parent)


def unmark(marker: Path) -> None:
    """Before what it marks is taken apart: a power cut in between must not leave half of it called whole."""
    if marker.exists():
        marker.unlink()
        sync_folder(marker.parent)


def sync_folder(path: Path) -> None:
    """Renames and removals in it are on the disk when this returns."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
