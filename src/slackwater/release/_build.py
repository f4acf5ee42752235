"""Builds a release: stage the source, build its wheel, resolve its dependencies, pack."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from slackwater.errors import ReleaseError
from slackwater.release import _store, _tree
from slackwater.release._fetch import fetch, shown
from slackwater.release._identity import identify, identity, python_version, readable, server_pins, source_directory
from slackwater.release._requirements import Wanted, resolve
from slackwater.release._store import Release
from slackwater.release._unpack import unpack
from slackwater.release._wheel import build_wheel, pyproject

if TYPE_CHECKING:
    from slackwater.settings import App

Say = Callable[[str], None]


def _silently(_: str) -> None:
    """For callers that show no progress."""


def build(app: App, *, project: Path, store: Path, say: Say = _silently) -> Release:
    """The app's release in `store`, built unless it is there already; relative sources are relative to `project`.

    Raises ReleaseError: the source is missing or not what the settings name, a dependency cannot be resolved or a hash
    is wrong, or the archive that is there was changed.
    """
    name, place = identify(app, project), store / app.name
    _refuse_a_store_in_the_source(app, project, place)
    with readable(app), _store.held(place, lambda: say(f"{app.name} {name}: waiting for another build of {app.name}")):
        if release := _store.kept(place, name):
            say(f"{app.name} {name}: already built")
            return release
        return _built(_Build(app, name, project, say), place)


@dataclass(frozen=True)
class _Build:
    app: App
    id: str
    project: Path
    say: Say

    def report(self, what: str) -> None:
        self.say(f"{self.app.name} {self.id}: {what}")

    @property
    def source(self) -> str:
        """The source as a reader of messages knows it; no credentials."""
        source = self.app.source
        match source.kind:
            case "archive":
                return shown(source.url)
            case "requirement":
                return source.specifier
            case _:
                return source.path


def _refuse_a_store_in_the_source(app: App, project: Path, place: Path) -> None:
    if app.source.kind != "directory":
        return
    source = source_directory(app, project).resolve()
    inside = place.resolve()
    if inside.is_relative_to(source) and _tree.belongs(inside.relative_to(source).as_posix(), app.source.exclude):
        raise ReleaseError(
            f"app {app.name}: the store {place} is inside of the source {app.source.path}, so each release would hold "
            "the ones before it: exclude it with Source.directory(…, exclude=[…]) or move the store"
        )


def _built(build: _Build, place: Path) -> Release:
    with TemporaryDirectory(prefix="slackwater-") as scratch:
        root, work = Path(scratch, "release"), Path(scratch, "work")
        _stage(build, Path(scratch, "source"), root / "app")
        # uv works in a copy: building a package leaves files in its tree that do not belong to the release.
        _tree.copy(_tree.entries(root / "app"), work)
        own = _wheel(build, work, root / "wheels")
        (root / "requirements.txt").write_text(_requirements(build, work, own))
        (root / "release.json").write_text(json.dumps(_description(build), indent=2) + "\n")
        release = _store.publish(place, build.id, root)
    build.report(f"packed, {release.archive.stat().st_size / 1e3:.0f} kB")
    return release


def _stage(build: _Build, scratch: Path, target: Path) -> None:
    match build.app.source.kind:
        case "directory":
            found = _tree.entries(source_directory(build.app, build.project), build.app.source.exclude)
            _tree.copy(found, target)
            _refuse_a_moving_source(build, target)
        case "archive":
            build.report(f"fetching {build.source}")
            archive = scratch.with_suffix(".archive")
            fetch(build.app, archive)
            unpack(archive, scratch, build.source)
            _tree.copy(_tree.entries(scratch), target)
        case _:
            target.mkdir(parents=True)


def _refuse_a_moving_source(build: _Build, staged: Path) -> None:
    if identity(build.app, _tree.entries(staged)) != build.id:
        raise ReleaseError(
            f"app {build.app.name}: files in {build.source} changed while they were read, "
            "so the release would not be what its id says: run it again when nothing writes there"
        )


def _wheel(build: _Build, work: Path, target: Path) -> str | None:
    """The name of the package that the app itself is; like uv, only a [build-system] makes it one."""
    target.mkdir()
    if "build-system" not in pyproject(work, build.source):
        return None
    build.report("building its wheel")
    wheel = build_wheel(build.app.name, work, work.with_name("wheel"), build.source)
    return wheel.rename(target / wheel.name).name.split("-")[0]


def _requirements(build: _Build, work: Path, own: str | None) -> str:
    file, called = _own_requirements(build, work)
    build.report(f"resolving {called}")
    wanted = Wanted(build.app.name, file, called, server_pins(), python_version(build.app), own)
    return resolve(wanted, work)


def _own_requirements(build: _Build, work: Path) -> tuple[Path | None, str]:
    """The file that says what the app needs, and its name in messages."""
    if build.app.source.kind == "requirement":
        work.with_name("requirement.in").write_text(f"{build.source}\n")
        return work.with_name("requirement.in"), build.source
    if (work / "requirements.txt").is_file():
        return work / "requirements.txt", f"{build.source}/requirements.txt"
    if {"project", "build-system"} & set(pyproject(work, build.source)):
        return work / "pyproject.toml", f"{build.source}/pyproject.toml"
    return None, build.source


def _description(build: _Build) -> dict[str, object]:
    app = build.app
    return {
        "id": build.id,
        "app": app.name,
        "interface": app.interface,
        "entrypoint": app.entrypoint,
        "python": app.python,
        "source": _origin(build),
    }


def _origin(build: _Build) -> dict[str, str]:
    """Where it came from, without anything that differs between operators' machines."""
    source = build.app.source
    match source.kind:
        case "archive":
            return {"kind": source.kind, "url": build.source, "sha256": source.sha256}
        case "requirement":
            return {"kind": source.kind, "requirement": source.specifier}
        case _:
            path = Path(source.path)
            return {"kind": source.kind, "path": path.name if path.is_absolute() else path.as_posix()}
