"""A store in a directory, which may be a disk that several operators share."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slackwater.errors import ReleaseError
from slackwater.release.store._atomic import replacing, sync

LOCK = ".files.lock"


@dataclass(frozen=True)
class DirectoryFiles:
    """Hidden files are none of its keys."""

    root: Path

    @property
    def name(self) -> str:
        return str(self.root)

    def path(self, key: str) -> Path:
        return self.root / key

    def read(self, key: str) -> bytes | None:
        with self._sentences():
            return _content(self.path(key))

    def write(self, key: str, data: bytes) -> None:
        with self._locked(key) as path:
            _put(path, data)

    def create(self, key: str, data: bytes) -> bool:
        with self._locked(key) as path:
            if path.exists():
                return False
            _put(path, data)
            return True

    def replace(self, key: str, old: bytes, new: bytes) -> bool:
        with self._locked(key) as path:
            if _content(path) != old:
                return False
            _put(path, new)
            return True

    def remove(self, key: str, old: bytes | None = None) -> bool:
        with self._locked(key) as path:
            if not path.exists() or (old is not None and path.read_bytes() != old):
                return False
            path.unlink()
            sync(path.parent)
            return True

    def keys(self, prefix: str) -> list[str]:
        with self._sentences():
            found = (path.relative_to(self.root) for path in self.path(prefix.rpartition("/")[0]).rglob("*"))
            visible = (path for path in found if not any(part.startswith(".") for part in path.parts))
            return sorted(
                path.as_posix()
                for path in visible
                if path.as_posix().startswith(prefix) and self.path(str(path)).is_file()
            )

    def upload(self, path: Path, key: str) -> None:
        with self._locked(key) as target:
            _copy(path, target)

    def download(self, key: str, path: Path) -> None:
        with self._sentences():
            _copy(self.path(key), path)

    @contextmanager
    def _locked(self, key: str) -> Iterator[Path]:
        """Comparing and writing as one step; the lock is the kernel's, and on a network disk its server's."""
        path = self.path(key)
        with self._sentences():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path.parent / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield path
            finally:
                os.close(descriptor)

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ReleaseError(f"the release store {self.name} cannot be used: {error}") from error


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _put(path: Path, data: bytes) -> None:
    with replacing(path) as file:
        file.write(data)


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as read, replacing(target) as written:
        shutil.copyfileobj(read, written)
