"""Builds an app that is itself a package into a wheel."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

from slackwater.errors import ReleaseError
from slackwater.release._uv import uv


def pyproject(tree: Path, shown: str) -> dict[str, Any]:
    """The tree's pyproject.toml; empty without one. `shown` is the tree's name in messages."""
    path = tree / "pyproject.toml"
    try:
        return tomllib.loads(path.read_text()) if path.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReleaseError(f"{shown}/pyproject.toml is not valid TOML: {error}") from error


def build_wheel(app: str, tree: Path, target: Path, shown: str) -> Path:
    """Builds in `tree`, which may be littered, into the directory `target`."""
    failed = f"app {app}: {shown} could not be built into a wheel"
    uv("build", "--wheel", "--python", sys.executable, "--out-dir", str(target), str(tree), cwd=tree, failed=failed)
    (wheel,) = target.glob("*.whl")
    if not wheel.name.endswith("-none-any.whl"):
        raise ReleaseError(
            f"app {app}: {shown} builds into {wheel.name}, which fits only machines like this one: "
            "move what is compiled into a package of its own on the package index and depend on it"
        )
    return wheel
