"""Which files of a source tree belong to a release."""

from __future__ import annotations

import posixpath
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from pathlib import Path

from slackwater.errors import ReleaseError

# A release is readable by everyone who may read the store: what holds secrets by custom never enters it.
SECRETS = (".env", "*.env", ".env.*")

# What tools leave behind differs between machines: with it, equal sources would get different ids.
LEFTOVERS = (
    *(".git", ".hg", ".svn", ".DS_Store", "__pycache__", "*.pyc", "*.egg-info", ".venv", "venv", "node_modules"),
    *(".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".slackwater"),
)


class Kind(Enum):
    FILE = "file"
    PROGRAM = "program"
    LINK = "link"


@dataclass(frozen=True)
class Entry:
    """`name` is relative to the tree, with "/" between its parts."""

    name: str
    path: Path
    kind: Kind


def entries(root: Path, exclude: Sequence[str] = ()) -> list[Entry]:
    """Every file and link of the tree by name; raises ReleaseError for a link that leads out of the tree.

    A pattern of `exclude` is matched against the name of each file and directory and against its path in the tree.
    """
    return sorted(_walk(root, root, _patterns(exclude)), key=lambda entry: entry.name)


def belongs(name: str, exclude: Sequence[str]) -> bool:
    """Whether a file at `name` would be part of the tree."""
    patterns = _patterns(exclude)
    parts = name.split("/")
    return not any(_matches("/".join(parts[: length + 1]), patterns) for length in range(len(parts)))


def copy(found: Sequence[Entry], target: Path) -> None:
    """Copies contents and the x bit; a link stays a link."""
    target.mkdir(parents=True)
    for entry in found:
        place = target / entry.name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(entry.path, place, follow_symlinks=False)


def _patterns(exclude: Sequence[str]) -> tuple[str, ...]:
    return (*SECRETS, *LEFTOVERS, *(pattern.rstrip("/") for pattern in exclude))


def _walk(directory: Path, root: Path, patterns: Sequence[str]) -> Iterator[Entry]:
    for path in directory.iterdir():
        name = path.relative_to(root).as_posix()
        if _matches(name, patterns):
            continue
        if path.is_symlink():
            yield _link(name, path, root)
        elif path.is_dir():
            yield from () if _is_virtual_environment(path) else _walk(path, root, patterns)
        elif path.is_file():
            yield Entry(name, path, Kind.PROGRAM if path.stat().st_mode & 0o100 else Kind.FILE)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    base = posixpath.basename(name)
    return any(fnmatchcase(name, pattern) or fnmatchcase(base, pattern) for pattern in patterns)


def _is_virtual_environment(path: Path) -> bool:
    return (path / "pyvenv.cfg").is_file()


def _link(name: str, path: Path, root: Path) -> Entry:
    target = str(path.readlink())
    landing = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    if posixpath.isabs(target) or landing.split("/")[0] == "..":
        raise ReleaseError(
            f"{root / name} is a link to {target}, outside of the source tree, and would lead nowhere on a host: "
            "put the file itself into the tree, or exclude the link with Source.directory(…, exclude=[…])"
        )
    return Entry(name, path, Kind.LINK)
