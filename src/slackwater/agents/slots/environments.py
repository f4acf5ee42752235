"""Virtual environments, named after what is in them: releases with the same requirements share one."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import ExitStack
from pathlib import Path

from ..files import point, unmark, write_whole
from .layout import Layout, target
from .programs import cache, run, uv

MARKER = "environment.json"
"""Written last, so an environment without it was never finished."""


def has_one(place: Path) -> bool:
    """Whether the release at `place` has a finished environment whose interpreter is still there."""
    return (place / "venv" / MARKER).exists() and (place / "venv/bin/python").exists()


def furnish(layout: Layout, place: Path, python: str, group: str) -> None:
    """Gives the release at `place` its environment: the one that is there already when the same was wanted before."""
    wanted = digest(place, python)
    home = layout.environment(wanted)
    home.parent.mkdir(mode=0o755, exist_ok=True)
    _clear(layout)
    if not (home / "bin/python").exists() or not ((home / MARKER).exists() or wanted in used(layout)):
        _build(layout, home, place, python)
    if not (home / MARKER).exists():
        _finish(layout, home, python, group)
    _end(layout)
    shutil.rmtree(place / "wheels/index", ignore_errors=True)  # installed by now; the archive has them still
    point(place / "venv", f"../../environments/{wanted}")


def digest(place: Path, python: str) -> str:
    """Of all that an environment is made of: locked requirements, interpreter, and the app's own wheels."""
    wheels = {wheel.name: hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in _own_wheels(place)}
    parts = [(place / "requirements.txt").read_text(), _resolved(python), wheels]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:20]


def _own_wheels(place: Path) -> list[Path]:
    return sorted(place.glob("wheels/*.whl"))


def _resolved(python: str) -> str:
    """A new distribution brings another Python at the same path, which the old environment's packages do not fit."""
    return str(Path(python).resolve()) if python.startswith("/") else python


def _begun(layout: Layout) -> Path:
    """Names the environment that is being built; found later, that build died."""
    return cache(layout).with_name(f"{layout.app}.building")


def _clear(layout: Layout) -> None:
    """After a power cut half an environment is there, and perhaps files of no length in uv's cache: neither is used."""
    if not _begun(layout).exists():
        return
    uv(layout, "cache", "clean", "--quiet")
    name = _begun(layout).read_text()
    for home in layout.home.glob("environments/*"):
        if home.name == name and not (home / MARKER).exists():
            shutil.rmtree(home)
    _end(layout)


def _end(layout: Layout) -> None:
    _begun(layout).unlink(missing_ok=True)


def _build(layout: Layout, home: Path, place: Path, python: str) -> None:
    cache(layout).mkdir(parents=True, exist_ok=True)
    write_whole(_begun(layout), home.name)
    unmark(home / MARKER)
    shutil.rmtree(home, ignore_errors=True)
    with ExitStack() as failed:
        failed.callback(_end, layout)
        failed.callback(shutil.rmtree, home, ignore_errors=True)  # on a full disk it would keep the disk full
        _install(layout, home, place, python)
        failed.pop_all()


def _finish(layout: Layout, home: Path, python: str, group: str) -> None:
    """Shut off by its folder, for its files are shared with uv's cache; on the disk; then marked."""
    run("chmod", "-R", "u=rwX,go=rX", str(home))
    shutil.chown(home, "root", group)
    home.chmod(0o750)
    run("sync", "-f", str(home), str(cache(layout).parent))
    write_whole(home / MARKER, json.dumps({"python": _resolved(python)}) + "\n")


def _install(layout: Layout, home: Path, place: Path, python: str) -> None:
    """Locked requirements with their hashes, then the app's own wheel if it has one."""
    uv(layout, "venv", "--quiet", "--python", python, str(home))
    pip = ["pip", "install", "--quiet", "--python", str(home / "bin/python"), "--compile-bytecode"]
    index = place / "wheels/index"
    source = ["--no-index", "--find-links", str(index)] if index.is_dir() else []
    uv(layout, *pip, *source, "--require-hashes", "--requirement", str(place / "requirements.txt"))
    if wheels := _own_wheels(place):
        uv(layout, *pip, "--no-deps", *map(str, wheels))


def used(layout: Layout) -> set[str | None]:
    """Environments of releases that are whole, and so are whole themselves."""
    whole = {*layout.releases(), layout.live_release() or ""}
    return {target(layout.release(release) / "venv") for release in whole if release}


def prune_environments(layout: Layout) -> None:
    """Those that no release on disk uses, whatever an install that died has left included."""
    live, links = layout.live_release(), list(layout.home.glob("releases/*/venv"))
    if live and layout.release(live) / "venv" not in links:
        return  # somebody removed the link: which of them the app runs on cannot be told
    kept = set(map(target, links))
    for home in layout.home.glob("environments/*"):
        if home.name not in kept:
            unmark(home / MARKER)
            shutil.rmtree(home)
