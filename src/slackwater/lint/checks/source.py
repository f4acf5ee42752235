"""The app's code: it is there, it is the one that was meant, and it can run on what the library supports."""

from __future__ import annotations

import ast
import hashlib
import symtable
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from slackwater.lint.checks import pins
from slackwater.lint.fleet import Fleet
from slackwater.settings import App, Fault


def directory_exists(fleet: Fleet) -> Iterator[Fault]:
    for app in fleet.apps():
        if app.source.kind == "directory" and not (fleet.project / app.source.path).is_dir():
            yield app.source.fault("path", f"must be a directory, relative to {fleet.project}")


def archive_is_the_one(fleet: Fleet) -> Iterator[Fault]:
    """Only of local files: nothing is fetched."""
    for app in fleet.apps():
        if app.source.kind == "archive" and app.source.url.startswith("file:"):
            yield from _archive_faults(app, Path(unquote(urlsplit(app.source.url).path)))


def _archive_faults(app: App, archive: Path) -> Iterator[Fault]:
    if not archive.is_file():
        yield app.source.fault("url", "must be a file that exists")
    elif (digest := hashlib.sha256(archive.read_bytes()).hexdigest()) != app.source.sha256:
        yield app.source.fault("sha256", f"must be the archive's own checksum, which is {digest}")


def entrypoint_exists(fleet: Fleet) -> Iterator[Fault]:
    for app, root in _directories(fleet):
        module, _, attribute = app.entrypoint.partition(":")
        places = [place for base in _roots(root) for place in _places(base, module)]
        found = next((place for place in places if place.is_file()), None)
        if found is None:
            tried = " nor ".join(str(place.relative_to(root)) for place in places)
            yield app.fault("entrypoint", f"must name a module of the source: {app.source.path} has neither {tried}")
        elif not _binds(found, attribute.removesuffix("()").partition(".")[0]):
            yield app.fault("entrypoint", f"must name an attribute of {found.relative_to(root)}, which has none such")


def static_directories_exist(fleet: Fleet) -> Iterator[Fault]:
    for app, root in _directories(fleet):
        for static in app.static:
            if not (root / static.directory).is_dir():
                yield static.fault("directory", f"must be a directory inside the source {app.source.path}")


def pins_are_supported(fleet: Fleet) -> Iterator[Fault]:
    """The library adds its own gunicorn and uvicorn to each release: another pin could not be resolved."""
    supported = pins.supported()
    for _, root in _directories(fleet):
        yield from pins.faults(root, fleet.project, supported)


def _directories(fleet: Fleet) -> Iterator[tuple[App, Path]]:
    for app in fleet.apps():
        root = fleet.project / app.source.path
        if app.source.kind == "directory" and root.is_dir():
            yield app, root


def _roots(root: Path) -> list[Path]:
    packaged = (root / "pyproject.toml").is_file() and (root / "src").is_dir()
    return [root, root / "src"] if packaged else [root]


def _places(base: Path, module: str) -> list[Path]:
    path = base.joinpath(*module.split("."))
    return [path.with_suffix(".py"), path / "__init__.py"]


def _binds(file: Path, name: str) -> bool:
    """True also where reading cannot tell: a module that does not parse, or that takes names from elsewhere."""
    code = file.read_text(encoding="utf-8", errors="replace")
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return True
    stars = any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(tree))
    table = symtable.symtable(code, str(file), "exec")
    symbols = {symbol.get_name(): symbol for symbol in table.get_symbols()}
    known = name in symbols and (symbols[name].is_assigned() or symbols[name].is_imported())
    return known or stars or "__getattr__" in symbols
