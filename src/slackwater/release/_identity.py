"""A release's id: a digest of everything that its author declared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slackwater.errors import ReleaseError
from slackwater.release._tree import Entry, Kind, entries
from slackwater.resources import resource

if TYPE_CHECKING:
    from slackwater.settings import App

# Part of every id: raised when the archive's layout changes, so that no host meets an old layout under a new reader.
LAYOUT = 2

# The oldest Python that hosts have (Debian 12): what is resolved for it and later fits every host of a mixed fleet.
OLDEST_PYTHON = "3.11"


def identify(app: App, project: Path) -> str:
    """The id ("src-" and 12 hex digits) that `build` would give, without building.

    It depends on names, x bits and contents, never on times, absolute paths or what the package index offers today:
    the same source has the same id on every operator's machine.
    """
    if app.source.kind != "directory":
        return identity(app, ())
    with readable(app):
        return identity(app, entries(source_directory(app, project), app.source.exclude))


def identity(app: App, tree: Sequence[Entry]) -> str:
    declared = {
        "layout": LAYOUT,
        "interface": app.interface,
        "entrypoint": app.entrypoint,
        "python": app.python,
        "source": _source(app, tree),
        "server": server_pins().read_text(),
    }
    return "src-" + hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()[:12]


@contextmanager
def readable(app: App) -> Iterator[None]:
    """The boundary where the file system's errors become a sentence about the app."""
    try:
        yield
    except OSError as error:
        raise ReleaseError(f"app {app.name}: its release could not be built: {error}") from error


def server_pins() -> Path:
    return resource("requirements/server.in")


def python_version(app: App) -> str:
    return app.python or OLDEST_PYTHON


def source_directory(app: App, project: Path) -> Path:
    path = project / app.source.path
    if not path.is_dir():
        raise ReleaseError(
            f"app {app.name}: its source, the directory {app.source.path}, is not in {project}: "
            "Source.directory takes a path relative to the project's directory"
        )
    return path


def _source(app: App, tree: Sequence[Entry]) -> Any:
    match app.source.kind:
        case "archive":
            return app.source.sha256
        case "requirement":
            return app.source.specifier
        case _:
            return [(entry.name, entry.kind.value, _content(entry)) for entry in tree]


def _content(entry: Entry) -> str:
    if entry.kind is Kind.LINK:
        return str(entry.path.readlink())
    with entry.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
