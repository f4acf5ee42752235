"""Where a lab keeps what outlives a command."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slackwater.errors import LabError


@dataclass(frozen=True)
class Places:
    """State is lost with `down`; the cache is shared by all labs and only saves time."""

    labs: Path = Path("/var/lib/slackwater/labs")
    cache: Path = Path("/var/cache/slackwater")

    @property
    def images(self) -> Path:
        return self.cache / "images"

    @property
    def packages(self) -> Path:
        return self.cache / "packages"


PLACES = Places()
CLOUD = PLACES.labs.parent / "cloud"
ROOT = 0


def cloud_directory(user: int | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """Where the lab's cloud has its record: in /var/lib for root, otherwise where users have their state,
    https://specifications.freedesktop.org/basedir-spec/latest/. Raises LabError for a user without a home."""
    if (os.geteuid() if user is None else user) == ROOT:
        return CLOUD
    state = Path(environment.get("XDG_STATE_HOME", ""))
    if state.is_absolute():
        return state / "slackwater/cloud"
    if not (home := environment.get("HOME")):
        raise LabError("Neither XDG_STATE_HOME nor HOME is set: say by --directory where the cloud has its record.")
    return Path(home) / ".local/state/slackwater/cloud"
