"""Where a lab keeps what outlives a command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
