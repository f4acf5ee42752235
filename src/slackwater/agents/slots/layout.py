"""Where an app lives on a VM, and which slot is live: `current` names the release, `live/<release>` its slot."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARKER = "release.json"
"""Written last, so a release directory without it was never finished."""


@dataclass(frozen=True)
class Layout:
    """The paths of one app. `root` is "/" but in tests."""

    app: str
    root: Path = Path("/")

    @property
    def home(self) -> Path:
        return self.root / "srv/slackwater" / self.app

    @property
    def current(self) -> Path:
        return self.home / "current"

    @property
    def settings(self) -> Path:
        return self.root / "etc/slackwater" / self.app

    @property
    def run(self) -> Path:
        return self.root / "run/slackwater" / self.app

    @property
    def socket(self) -> Path:
        """What nginx connects to: a link to the live slot's socket."""
        return self.run / "current.sock"

    @property
    def units(self) -> Path:
        return self.root / "etc/systemd/system"

    def release(self, release: str) -> Path:
        return self.home / "releases" / release

    def slot_socket(self, slot: str) -> Path:
        return self.run / f"{slot}.sock"

    def slot_of(self, release: str) -> Path:
        """The link that says with which settings `release` was last proved."""
        return self.settings / "live" / release

    def unit(self, slot: str, kind: str) -> str:
        return f"slackwater-{self.app}@{slot}.{kind}"

    def facts_of(self, slot: str) -> dict[str, Any]:
        """What the slot's settings say of it: release, ready path, times. Raises FileNotFoundError for no such slot."""
        return dict(json.loads((self.settings / slot / "slot.json").read_text()))

    def releases(self) -> list[str]:
        """Finished releases, the newest last."""
        markers = self.home.glob(f"releases/*/{MARKER}")
        return [marker.parent.name for marker in sorted(markers, key=lambda marker: marker.stat().st_mtime)]

    def slots(self) -> list[str]:
        return sorted(path.parent.name for path in self.settings.glob("*/slot.json"))

    def live_release(self) -> str | None:
        return target(self.current)

    def live_slot(self) -> str | None:
        """The slot that is live by what is on disk; None before the first."""
        release = self.live_release()
        return target(self.slot_of(release)) if release else None


def target(link: Path) -> str | None:
    """The last part of what `link` points to; None when it is no link."""
    return link.readlink().name if link.is_symlink() else None


def point(link: Path, to: str) -> None:
    """Makes `link` point to `to` by one rename: nobody ever finds it missing. It is on the disk before this returns."""
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(to)
    new.rename(link)
    folder = os.open(link.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
