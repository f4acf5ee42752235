"""The store's files: `<store>/<app>/<id>.tar.gz` and, once it is whole, its manifest `<id>.json`."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from slackwater.errors import ReleaseError
from slackwater.release._pack import pack, sha256

# Marks what a build that was killed has left; the next build of the app removes it.
PARTIAL = ".partial"


@dataclass(frozen=True)
class Release:
    """An archive that is whole and never changes; `sha256` is the archive's."""

    id: str
    archive: Path
    sha256: str


@contextmanager
def held(place: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """One build of an app at a time: two at once could give one id two resolutions. The kernel frees a dead one's."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        for left in place.glob(f"*{PARTIAL}"):
            left.unlink()
        yield


def kept(place: Path, identity: str) -> Release | None:
    """The release if it was built before; raises ReleaseError if its archive is no longer what was built.

    It is refused, not built anew: hosts may run the first one, and an id means one archive.
    """
    archive, manifest = _paths(place, identity)
    if not (archive.is_file() and manifest.is_file()):
        return None
    found, expected = sha256(archive), _manifest_sha256(manifest)
    if found != expected:
        raise ReleaseError(
            f"release {identity}: {archive} has sha256 {found}, but {expected} was built: it was changed since. "
            f"Put the right archive back, or remove it and {manifest.name} to build the release anew"
        )
    return Release(identity, archive, found)


def publish(place: Path, identity: str, root: Path) -> Release:
    """Packs `root`. The manifest comes last: an archive without one is not a release."""
    archive, manifest = _paths(place, identity)
    with _replacing(archive) as file:
        pack(root, file)
    digest = sha256(archive)
    with _replacing(manifest) as file:
        file.write((json.dumps({"id": identity, "app": place.name, "sha256": digest}) + "\n").encode())
    return Release(identity, archive, digest)


def _paths(place: Path, identity: str) -> tuple[Path, Path]:
    return place / f"{identity}.tar.gz", place / f"{identity}.json"


def _manifest_sha256(manifest: Path) -> str:
    try:
        return str(json.loads(manifest.read_text())["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise ReleaseError(
            f"{manifest} is not a release's manifest ({type(error).__name__}): remove it to build the release anew"
        ) from error


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Writes beside `path` and renames when all is on disk: a reader, or a power cut, never meets half a file."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=PARTIAL, delete=False) as file:
        yield file
        file.flush()
        os.fchmod(file.fileno(), 0o644)
        os.fsync(file.fileno())
    Path(file.name).replace(path)
