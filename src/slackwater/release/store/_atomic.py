"""Files that are whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

PARTIAL = ".partial"
"""Marks what a process that was killed has left half-written."""


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Writes beside `path` and renames when all is on disk: a reader, or a power cut, never meets half a file."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=PARTIAL, delete=False) as file:
        try:
            yield file
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        finally:
            Path(file.name).unlink(missing_ok=True)
    sync(path.parent)


def sync(directory: Path) -> None:
    """Without it a power cut could take back a rename or a removal."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
