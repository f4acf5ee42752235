"""Unpacks a source archive (tar or zip) without letting it write outside of its directory."""

from __future__ import annotations

import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from slackwater.errors import ReleaseError

# What the two modules raise for a truncated, damaged or encrypted archive.
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError)

CHUNK = 1 << 20


@dataclass(frozen=True)
class Member:
    """A file, or a link whose content is its target."""

    parts: tuple[str, ...]
    mode: int
    content: IO[bytes]

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.mode)


def unpack(archive: Path, target: Path, shown: str) -> None:
    """Raises ReleaseError for anything but a sound tar or zip; a single top directory is stripped.

    The standard library's own filter for tar files is missing in Debian 12's Python, hence this one for both formats.
    """
    target.mkdir()
    try:
        top = _top_directory(archive, shown)
        # Links come last: nothing is then written through a link that the archive brought.
        for links in (False, True):
            for member in _members(archive, shown):
                if member.is_link is links:
                    _write(member, target.joinpath(*member.parts[top:]))
    except _BROKEN as error:
        raise ReleaseError(f"the source archive {shown} could not be unpacked: {error}") from error


def _write(member: Member, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if member.is_link:
        place.symlink_to(member.content.read().decode())
        return
    with place.open("wb") as file:
        while chunk := member.content.read(CHUNK):
            file.write(chunk)
    place.chmod(0o755 if member.mode & 0o100 else 0o644)


def _top_directory(archive: Path, shown: str) -> int:
    """How many leading parts all names share: 1 when everything is in one directory, else 0."""
    names = [member.parts for member in _members(archive, shown)]
    return int(len({parts[0] for parts in names}) == 1 and all(len(parts) > 1 for parts in names))


def _members(archive: Path, shown: str) -> Iterator[Member]:
    if tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tar:
            yield from _tar_members(tar, shown)
    elif zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            yield from _zip_members(file, shown)
    else:
        raise ReleaseError(f"the source archive {shown} is neither a tar (plain, gz, bz2, xz) nor a zip")


def _tar_members(tar: tarfile.TarFile, shown: str) -> Iterator[Member]:
    for info in tar:
        parts = _parts(info.name, shown)
        if info.issym():
            yield Member(parts, stat.S_IFLNK, io.BytesIO(info.linkname.encode()))
        elif content := tar.extractfile(info):
            yield Member(parts, stat.S_IFREG | info.mode, content)


def _zip_members(file: zipfile.ZipFile, shown: str) -> Iterator[Member]:
    for info in file.infolist():
        if not info.is_dir():
            yield Member(_parts(info.filename, shown), info.external_attr >> 16, io.BytesIO(file.read(info)))


def _parts(name: str, shown: str) -> tuple[str, ...]:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ReleaseError(f"the source archive {shown} holds '{name}', which leads out of it; nothing was built")
    return path.parts
