"""The git commit that a source directory is at, and whether the release is what that commit has."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path

from slackwater.release import _tree

GIT_TIMEOUT = 60
"""Seconds: a checkout on a network disk that hangs must not hold a release, which can do without."""

# Set where git runs a hook, and then they speak of another checkout.
FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


def commit(directory: Path, names: Collection[str], exclude: Sequence[str]) -> str | None:
    """`names` are the files that belong to the release. None when `directory` is in no checkout that git can read."""
    found = _git(directory, "rev-parse", "HEAD")
    prefix = _git(directory, "rev-parse", "--show-prefix")
    # What git ignores is in the release all the same, if it is not excluded.
    changes = _git(directory, "status", "--porcelain", "-z", "--untracked-files=all", "--ignored", "--no-renames", ".")
    if found is None or prefix is None or changes is None:
        return None
    changed = (entry[3:].removeprefix(prefix.strip()) for entry in changes.split("\0") if entry)
    is_dirty = any(name in names or _is_removed(directory, name, exclude) for name in changed)
    return found.strip() + ("-dirty" if is_dirty else "")


def _is_removed(directory: Path, name: str, exclude: Sequence[str]) -> bool:
    return not os.path.lexists(directory / name) and _tree.belongs(name, exclude)


def _git(directory: Path, *words: str) -> str | None:
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    command = ["git", "--no-optional-locks", "-C", str(directory), *words]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=GIT_TIMEOUT)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None
