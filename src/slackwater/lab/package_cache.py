"""Packages that were fetched once: files whose URL names their content, so that a copy is never out of date."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

CAP = 2_000_000_000  # bytes
# A proxy that was killed while it fetched leaves its part behind; no fetch takes this long.
STALE_AFTER = 3600.0
_PART = ".part-"


def is_immutable(path: str) -> bool:
    """Debian's pool names versions, and by-hash names the content; everything else in an archive changes."""
    return path.endswith(".deb") or "/by-hash/" in path


@dataclass(frozen=True)
class PackageCache:
    """One file a URL, named by its hash. Any number of processes may use the directory at once."""

    directory: Path
    cap: int = CAP

    def find(self, url: str) -> Path | None:
        """Marks the file as used, for the oldest go first."""
        file = self._file(url)
        try:
            os.utime(file)
        except FileNotFoundError:
            return None
        return file

    @contextmanager
    def deposit(self, url: str, size: int) -> Iterator[IO[bytes]]:
        """What is written is kept only when it is `size` bytes in the end, and appears all at once."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.directory, prefix=_PART, delete=False) as part:
            try:
                yield part
            finally:
                part.flush()
                whole = part.tell() == size
                self._keep(Path(part.name), url) if whole else Path(part.name).unlink(missing_ok=True)

    def _keep(self, part: Path, url: str) -> None:
        part.replace(self._file(url))
        self._prune()

    def _file(self, url: str) -> Path:
        return self.directory / hashlib.sha256(url.encode()).hexdigest()

    def _prune(self) -> None:
        """Another process may remove the same file a moment before."""
        room = self.cap
        for used, size, file in sorted(self._files(), reverse=True):
            room -= size
            stale = file.name.startswith(_PART) and used < time.time() - STALE_AFTER
            if stale or (room < 0 and not file.name.startswith(_PART)):
                file.unlink(missing_ok=True)

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        for file in self.directory.iterdir():
            with suppress(FileNotFoundError):
                seen = file.stat()
                yield seen.st_mtime, seen.st_size, file
