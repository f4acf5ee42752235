"""Builds bundles: stages what belongs into one, has it checked as an instance would see it, and packs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from slackwater.bundle._packages import WHEELHOUSE, Wheels, requirements
from slackwater.bundle._wheel import write_wheel
from slackwater.errors import SettingsError
from slackwater.inventory.purpose import VARIABLE, purpose
from slackwater.release._pack import pack, sha256
from slackwater.release._tree import copy, entries
from slackwater.resources import resource

CACHE = ".slackwater/cache"
"""Relative to the project: the only place outside of temporary ones that is written to."""
PROGRAMS = ("deploy.py", "config.py")
FOLDERS = ("roles", "templates")
"""A project's own; a role or a template that it has replaces ours."""
DECLARE_LIMIT = 120
"""Seconds for reading the settings: an inventory that asks a cloud may take some, one that hangs must end."""


@dataclass(frozen=True)
class Bundle:
    """`size` in bytes; `key` is where it lies in the store."""

    path: Path
    sha256: str
    size: int
    key: str


def build(
    project: Path,
    environment: str,
    *,
    groups: Sequence[str] = ("app",),
    wheels: bool = False,
    machine: str | None = None,
) -> Bundle:
    """The bundle of `inventories/<environment>.py` for instances of these groups; equal projects give equal bytes.

    With `wheels` an instance asks no package index; `machine` ("x86_64", "aarch64") is then its kind, this machine's
    unless told. Nothing is written but below .slackwater/cache. Raises SettingsError with every fault, ReleaseError
    when a package cannot be had.
    """
    project = project.resolve()
    _refuse_no_inventory(project, environment)
    fetched = Wheels(project / CACHE / "wheels", machine)
    with TemporaryDirectory(prefix="slackwater-") as scratch:
        stage = Path(scratch, "bundle")
        _stage(project, environment, groups, stage)
        _declare(project, environment, groups, stage)
        (stage / "requirements.txt").write_text(requirements(write_wheel(stage)))
        fetched.pip(stage)
        if wheels:
            fetched.wheelhouse(stage / WHEELHOUSE)
        return _packed(stage, project / CACHE / "bundles" / environment, environment)


def _refuse_no_inventory(project: Path, environment: str) -> None:
    if not (project / f"inventories/{environment}.py").is_file():
        raise SettingsError(f"environment {environment!r}: there is no inventories/{environment}.py in {project}")


def _stage(project: Path, environment: str, groups: Sequence[str], stage: Path) -> None:
    """By name: what is not known to belong stays where it is."""
    stage.mkdir()
    for name in PROGRAMS:
        _copy(project / name, stage / name)
    own = project / "inventories/self.py"
    _copy(own if own.is_file() else _ours("inventories/self.py"), stage / "inventories/self.py")
    # Workers are told by the group app what they run.
    for name in dict.fromkeys(("all", *(("app",) if "worker" in groups else ()), *groups, environment)):
        if (project / f"group_data/{name}.py").is_file():
            _copy(project / f"group_data/{name}.py", stage / f"group_data/{name}.py")
    for name in FOLDERS:
        if (project / name).is_dir():
            copy(entries(project / name), stage / name)


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise SettingsError(f"{source} is not there, and an instance would run it: `slackwater init` writes one")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _ours(name: str) -> Path:
    """A wheel carries the project in a place of its own; a checkout is one itself."""
    try:
        return resource(f"project/{name}")
    except FileNotFoundError:
        return resource(name)


def _declare(project: Path, environment: str, groups: Sequence[str], stage: Path) -> None:
    package = str(resource("bundle").parents[1])
    known = os.environ.get("PYTHONPATH")
    told = {"PYTHONDONTWRITEBYTECODE": "1", VARIABLE: purpose().value}
    words = [sys.executable, "-m", "slackwater.bundle.declare", str(project), environment, str(stage), *groups]
    done = subprocess.run(
        words, cwd=project, capture_output=True, text=True, check=False, timeout=DECLARE_LIMIT,
        env={**os.environ, **told, "PYTHONPATH": f"{package}:{known}" if known else package},
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip().replace(f"{stage}/", "")
        raise SettingsError(f"no bundle was made of {environment}:\n{said}")


def _packed(stage: Path, folder: Path, environment: str) -> Bundle:
    folder.mkdir(parents=True, exist_ok=True)
    packed = stage.with_name("bundle.tar.gz")
    with packed.open("wb") as file:
        pack(stage, file)
    digest = sha256(packed)
    path = folder / f"{digest}.tar.gz"
    shutil.copyfile(packed, begun := folder / f".{digest}.{os.getpid()}")
    begun.replace(path)
    return Bundle(path, digest, path.stat().st_size, f"bundles/{environment}/{digest}.tar.gz")
