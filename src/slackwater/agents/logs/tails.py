"""Log files since the last packet, as they were written; a file that logrotate has renamed is read to its end."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from .packet import LARGEST, Packet, Position

HEAD = 256
"""Bytes at the beginning that tell a file from the next one with its inode."""
COMPRESSED = (".gz", ".xz", ".zst", ".bz2")
ROTATED = re.compile(r"[-.]\d[\d.-]*$")
"""What logrotate hangs on a name: a date or a number."""


def read(patterns: Sequence[str], root: Path, since: Position, *, to_the_end: bool) -> Packet | None:
    """Of the first file that has something new; None when none has. A line that is not ended waits, unless it is the
    last chance. Raises OSError."""
    found = list(_found(patterns, root))
    known = {key: read for key, read in since.files.items() if key in {_key(path) for path, _ in found}}
    for path, base in found:
        with path.open("rb") as file:
            key, begin = _key_of(os.fstat(file.fileno())), _begin(file, known)
            file.seek(begin)
            data = _whole(file.read(LARGEST), to_the_end=to_the_end)
            if data:
                files = {**known, key: (begin + len(data), _head(file, begin + len(data)))}
                return Packet(_source(base, root), data, replace(since, files=files))
    return None


def _found(patterns: Sequence[str], root: Path) -> Iterator[tuple[Path, Path]]:
    """Each file with the name that it had while it was written; the older ones of a name first."""
    for pattern in patterns:
        bases = {_base(path) for path in _matching(root, f"{pattern}*")}
        for base in sorted(bases):
            of_it = [path for path in _matching(root, f"{base.relative_to(root)}*") if _base(path) == base]
            yield from ((path, base) for path in sorted(of_it, key=lambda path: (path == base, path.stat().st_mtime)))


def _matching(root: Path, pattern: str) -> list[Path]:
    found = root.glob(pattern.lstrip("/"))
    return [path for path in found if path.suffix not in COMPRESSED and path.is_file()]


def _base(path: Path) -> Path:
    return path.with_name(ROTATED.sub("", path.name))


def _key(path: Path) -> str:
    return _key_of(path.stat())


def _key_of(found: os.stat_result) -> str:
    """Not by its device: that has another number after a boot, and all would be shipped again."""
    return str(found.st_ino)


def _begin(file: BinaryIO, known: Mapping[str, tuple[int, str]]) -> int:
    """An inode is used again, and a file may have been cut: then it is another one, and read from its beginning."""
    read, head = known.get(_key_of(os.fstat(file.fileno())), (0, ""))
    return read if read <= os.fstat(file.fileno()).st_size and head == _head(file, read) else 0


def _head(file: BinaryIO, read: int) -> str:
    """Of as much as had been read."""
    file.seek(0)
    return hashlib.sha256(file.read(min(HEAD, read))).hexdigest()[:16]


def _whole(data: bytes, *, to_the_end: bool) -> bytes:
    """Whole lines; one that is longer than a packet is cut."""
    if to_the_end or (len(data) >= LARGEST and b"\n" not in data):
        return data
    return data[: data.rfind(b"\n") + 1]


def _source(base: Path, root: Path) -> str:
    """/var/log/nginx/access.log is "nginx-access"."""
    parts = base.relative_to(root).parts
    below = parts[2:] if parts[:2] == ("var", "log") else parts
    return re.sub(r"[^A-Za-z0-9_.-]", "_", "-".join(below).removesuffix(".log"))
