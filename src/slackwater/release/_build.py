"""What is in a release: the staged source, its wheel, its resolved dependencies, and what it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slackwater.errors import ReleaseError
from slackwater.release import _pins, _tree, _wheels
from slackwater.release._address import shown
from slackwater.release._identity import identity, python_version, server_pins, source_directory
from slackwater.release._pins import Pin
from slackwater.release._requirements import Wanted, resolve
from slackwater.release._unpack import unpack
from slackwater.release._wheel import build_wheel, pyproject

if TYPE_CHECKING:
    from slackwater.settings import App

Say = Callable[[str], None]


@dataclass(frozen=True)
class Build:
    """`source_id` identifies what it is built from; with `wheels` hosts need no package index."""

    app: App
    id: str
    source_id: str
    wheels: bool
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


def refuse_a_store_in_the_source(app: App, project: Path, place: Path) -> None:
    if app.source.kind != "directory":
        return
    source = source_directory(app, project).resolve()
    inside = place.resolve()
    if inside.is_relative_to(source) and _tree.belongs(inside.relative_to(source).as_posix(), app.source.exclude):
        raise ReleaseError(
            f"app {app.name}: the store {place} is inside of the source {app.source.path}, so each release would hold "
            "the ones before it: exclude it with Source.directory(…, exclude=[…]) or move the store"
        )


def assembled(build: Build, scratch: Path) -> Path:
    """The release's tree, made in `scratch`, ready to be packed."""
    root, work = scratch / "release", scratch / "work"
    _stage(build, scratch / "source", root / "app")
    # uv works in a copy: building a package leaves files in its tree that do not belong to the release.
    _tree.copy(_tree.entries(root / "app"), work)
    own = _wheel(build, work, root / "wheels")
    (root / "requirements.txt").write_text(_requirements(build, work, own, root / "wheels/index"))
    (root / "release.json").write_text(json.dumps(_description(build), indent=2) + "\n")
    return root


def _stage(build: Build, scratch: Path, target: Path) -> None:
    match build.app.source.kind:
        case "directory":
            found = _tree.entries(source_directory(build.app, build.project), build.app.source.exclude)
            _tree.copy(found, target)
            _refuse_a_moving_source(build, target)
        case "archive":
            # With it come requests and ssl, which must not be there yet when pyinfra changes sockets for its own.
            from slackwater.release._fetch import fetch

            build.report(f"fetching {build.source}")
            archive = scratch.with_suffix(".archive")
            fetch(build.app, archive)
            unpack(archive, scratch, build.source)
            _tree.copy(_tree.entries(scratch), target)
        case _:
            target.mkdir(parents=True)


def _refuse_a_moving_source(build: Build, staged: Path) -> None:
    if identity(build.app, _tree.entries(staged)) != build.source_id:
        raise ReleaseError(
            f"app {build.app.name}: files in {build.source} changed while they were read, "
            "so the release would not be what its id says: run it again when nothing writes there"
        )


def _wheel(build: Build, work: Path, target: Path) -> str | None:
    """The name of the package that the app itself is; like uv, only a [build-system] makes it one."""
    target.mkdir()
    if "build-system" not in pyproject(work, build.source):
        return None
    build.report("building its wheel")
    wheel = build_wheel(build.app.name, work, work.with_name("wheel"), build.source)
    return wheel.rename(target / wheel.name).name.split("-")[0]


def _requirements(build: Build, work: Path, own: str | None, wheels: Path) -> str:
    file, called = _own_requirements(build, work)
    build.report(f"resolving {called}")
    wanted = Wanted(build.app.name, file, called, server_pins(), python_version(build.app), own)
    resolved = resolve(wanted, work)
    return _with_wheels(build, _pins.parse_all(resolved, called), wheels) if build.wheels else resolved


def _with_wheels(build: Build, pins: list[Pin], folder: Path) -> str:
    for target in _wheels.targets(build.app.python):
        build.report(f"fetching wheels for {target}")
        _wheels.fetch(build.app.name, pins, target, folder)
    return "".join(str(_wheels.by_name(pin, build.app.name)) for pin in pins)


def _own_requirements(build: Build, work: Path) -> tuple[Path | None, str]:
    """The file that says what the app needs, and its name in messages."""
    if build.app.source.kind == "requirement":
        work.with_name("requirement.in").write_text(f"{build.source}\n")
        return work.with_name("requirement.in"), build.source
    if (work / "requirements.txt").is_file():
        return work / "requirements.txt", f"{build.source}/requirements.txt"
    if {"project", "build-system"} & set(pyproject(work, build.source)):
        return work / "pyproject.toml", f"{build.source}/pyproject.toml"
    return None, build.source


def _description(build: Build) -> dict[str, object]:
    app = build.app
    return {
        "id": build.id,
        "app": app.name,
        "interface": app.interface,
        "entrypoint": app.entrypoint,
        "python": app.python,
        "wheels": build.wheels,
        "source": _origin(build),
    }


def _origin(build: Build) -> dict[str, str]:
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
