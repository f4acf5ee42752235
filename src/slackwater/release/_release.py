"""Release: an archive on this machine that is whole and verified."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from slackwater.release._manifest import Manifest


@dataclass(frozen=True)
class Release:
    """It never changes; `sha256` is the archive's."""

    id: str
    archive: Path
    sha256: str
    manifest: Manifest
