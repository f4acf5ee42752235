"""A release on a VM: verified, unpacked, given a virtual environment, marked when it is whole."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .environments import furnish, has_one, prune_environments
from .layout import MARKER, Layout
from .programs import ReleaseError, run

ORIGIN = "archive.sha256"
"""Says which archive the release was made of: another one of the same id must not be taken for it."""
SOME_TIME, SOME_YEARS = 946_684_800, 20 * 365 * 86_400
"""2000 and twenty years, in seconds: a static file's time is none of the future."""


@dataclass(frozen=True)
class Order:
    """What to install: `python` is an interpreter's path or a version, `group` the app's own."""

    release: str
    archive: Path
    sha256: str
    group: str
    python: str


def install(layout: Layout, order: Order) -> None:
    """Makes the release from its archive, or mends what it lacks; does nothing when it is whole."""
    place = layout.release(order.release)
    try:
        if not ((place / MARKER).exists() and has_one(place)):
            _verify(order)
            _sweep(layout)
            _make(layout, order, place)
    finally:
        order.archive.unlink(missing_ok=True)


def _verify(order: Order) -> None:
    with order.archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != order.sha256:
        raise ReleaseError(
            f"{order.archive} is not the archive that was built: sha256 {order.sha256} expected, {found} found"
        )


def _make(layout: Layout, order: Order, place: Path) -> None:
    """One that was whole keeps its files, for the app may be using them: it gets only what it lacks."""
    whole = _was_whole(layout, order.release)
    with ExitStack() as failed:
        if not whole:
            failed.callback(shutil.rmtree, place, ignore_errors=True)  # on a full disk it would keep the disk full
        if not (whole and has_one(place)):
            _unpack(place, order.archive, *(("requirements.txt", "wheels") if whole else ()))
            furnish(layout, place, order.python, order.group)
        if not whole:
            _protect(place, order.group)
        (place / ORIGIN).write_text(f"{order.sha256}\n")
        _mark(place, order.archive)
        failed.pop_all()


def _was_whole(layout: Layout, release: str) -> bool:
    """It has its marker, or has only lost it: nothing is live or was proved before it was whole."""
    place, proved = layout.release(release), layout.slot_of(release).is_symlink()
    return place.is_dir() and ((place / MARKER).exists() or proved or release == layout.live_release())


def _unpack(place: Path, archive: Path, *parts: str) -> None:
    """All of it but the marker, into an empty folder; or only some parts, over what is there."""
    if not parts:
        shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True, mode=0o755, exist_ok=True)
    options = ["--no-same-owner", "--anchored", f"--exclude={MARKER}"]
    run("tar", "-xzf", str(archive), "-C", str(place), *options, *parts)


def _protect(place: Path, group: str) -> None:
    """root owns all of it, the app's group may read, nobody else."""
    run("chown", "-R", f"root:{group}", str(place / "app"))
    run("chmod", "-R", "u=rwX,g=rX,o=", str(place / "app"))
    for folder in (place, place / "wheels"):
        shutil.chown(folder, "root", group)
        folder.chmod(0o750)


def _sweep(layout: Layout) -> None:
    """What installs that died have left, and environments without a release: room for the next."""
    for place in layout.home.glob("releases/*"):
        if not _was_whole(layout, place.name):
            shutil.rmtree(place)
    prune_environments(layout)


def publish(layout: Layout, release: str, public: list[str]) -> None:
    """Opens folders of static files, below app/, to the web server; all else stays shut.

    Archives carry no times, and nginx's ETag is made of size and time: a file's time is taken from its content, so that
    a changed file has another ETag and every host the same.
    """
    place = layout.release(release)
    for folder in (place / "app" / name for name in public):
        run("chmod", "-R", "o+rX", str(folder))
        for parent in [place, *(place / part for part in _upwards(folder.relative_to(place)))]:
            parent.chmod(parent.stat().st_mode | 0o001)
        for file in filter(Path.is_file, folder.rglob("*")):
            time = SOME_TIME + int(hashlib.sha256(file.read_bytes()).hexdigest()[:8], 16) % SOME_YEARS
            os.utime(file, (time, time))


def _upwards(path: Path) -> list[Path]:
    return [path, *list(path.parents)[:-1]]


def _mark(place: Path, archive: Path) -> None:
    """The marker comes after everything else has reached the disk: a power cut leaves a whole release or none."""
    new = place / f".{MARKER}"
    done = subprocess.run(["tar", "-xzOf", str(archive), "--occurrence=1", MARKER], check=True, capture_output=True)
    new.write_bytes(done.stdout)
    run("sync", "-f", str(place))
    new.rename(place / MARKER)
