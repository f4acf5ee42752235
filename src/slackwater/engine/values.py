"""What a host shall have, as plain values: files, directories, links, and what must not be there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class File:
    """A regular file. `mode` is octal text as `stat` prints it ("644"); `owner` and `group` are names."""

    path: str
    content: str
    mode: str = "644"
    owner: str = "root"
    group: str = "root"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content.encode()).hexdigest()


@dataclass(frozen=True)
class Directory:
    """A directory; what lies in it is left alone."""

    path: str
    mode: str = "755"
    owner: str = "root"
    group: str = "root"


@dataclass(frozen=True)
class Link:
    """A symbolic link, made by rename: there is no moment without it."""

    path: str
    target: str


@dataclass(frozen=True)
class Absent:
    """A file, link or directory that must not be there."""

    path: str


Item = File | Directory | Link | Absent
Kind = Literal["file", "directory", "link", "other", "absent"]


@dataclass(frozen=True)
class Found:
    """What stands at a path now. `changed` is the time of the last change of content or owner, seconds since 1970."""

    kind: Kind
    mode: str = ""
    owner: str = ""
    group: str = ""
    detail: str = ""
    """sha256 of a file, target of a link."""
    changed: float = 0.0


def difference(item: Item, found: Found) -> str:
    """Why `found` is not `item`, in the words of a log line ("mode 600 -> 644"); empty when it is."""
    match item:
        case Absent():
            return "" if found.kind == "absent" else "remove"
        case Link():
            return "" if (found.kind, found.detail) == ("link", item.target) else f"link -> {item.target}"
        case Directory():
            return _difference_of("directory", item, found)
        case File():
            drift = _difference_of("file", item, found)
            return drift or ("" if found.detail == item.sha256 else "content")


def _difference_of(kind: Kind, item: File | Directory, found: Found) -> str:
    if found.kind != kind:
        return "create" if found.kind == "absent" else f"{found.kind} -> {kind}"
    pairs = ((name, getattr(found, name), getattr(item, name)) for name in ("mode", "owner", "group"))
    return ", ".join(f"{name} {is_now} -> {wanted}" for name, is_now, wanted in pairs if is_now != wanted)
