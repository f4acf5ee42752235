"""Where an app lives on a VM, and which slot is live: `current` names the release, `live/<release>` its slot.

On a worker host a slot is Celery's: without a socket, and on one host of the fleet with a beat beside it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARKER = "release.json"
"""Written last, so a release directory without it was never finished."""
HOOKS = ("before_release", "after_release")


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
    def last_error(self) -> Path:
        return self.home / "last-error.json"

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
    def standby(self) -> Path:
        """Says which slot is kept running for a while after it was replaced; gone after a boot, like that slot."""
        return self.run / "standby"

    @property
    def units(self) -> Path:
        return self.root / "etc/systemd/system"

    def release(self, release: str) -> Path:
        return self.home / "releases" / release

    def environment(self, digest: str) -> Path:
        return self.home / "environments" / digest

    def slot_socket(self, slot: str) -> Path:
        return self.run / f"{slot}.sock"

    def slot_of(self, release: str) -> Path:
        """The link that says with which settings `release` was last proved."""
        return self.settings / "live" / release

    @property
    def is_worker(self) -> bool:
        """Whether the host carries out the app's tasks, rather than answering its requests."""
        return (self.settings / "worker").exists()

    @property
    def is_drained(self) -> bool:
        """Whether the drain agent keeps this host out, be it for an operator or on its way out for good."""
        return (self.root / "run/slackwater-drain/draining").exists()

    def unit(self, slot: str, kind: str) -> str:
        return f"{'celery' if self.is_worker else 'slackwater'}-{self.app}@{slot}.{kind}"

    def beat(self, slot: str) -> str:
        return f"celery-{self.app}-beat@{slot}.service"

    def units_of(self, slot: str) -> list[str]:
        """All that is started and stopped together; a slot whose settings somebody removed has no beat."""
        if not self.is_worker:
            return [self.unit(slot, "socket"), self.unit(slot, "service")]
        return [self.unit(slot, "service"), *([self.beat(slot)] if self.has_beat(slot) else [])]

    def has_beat(self, slot: str) -> bool:
        return slot in self.slots() and bool(self.facts_of(slot).get("beat"))

    def hook_unit(self, slot: str, hook: str) -> str:
        """No app's name holds a dot, so this is no slot of another app; `systemd-analyze verify` refuses a colon."""
        return f"slackwater-{self.app}.{hook}@{slot}.service"

    def timer(self, number: int) -> str:
        return f"slackwater-{self.app}.settle-{number}"

    @property
    def proved_mark(self) -> Path:
        """Which release the fleet was last told is proved: a run from another store must not take it for a new one."""
        return self.home / "proved"

    @property
    def timers(self) -> str:
        """The pattern of all of them."""
        return f"slackwater-{self.app}.settle-*.timer"

    def patterns(self) -> list[str]:
        """Of all its units but the one of the boot: slots, hooks and timers."""
        own = [self.unit("*", "*"), *([self.beat("*")] if self.is_worker else [])]
        return [*own, f"slackwater-{self.app}.*@*", f"slackwater-{self.app}.settle-*"]

    def unit_files(self, slot: str) -> list[Path]:
        names = [*self.units_of(slot), *(self.hook_unit(slot, hook) for hook in HOOKS)]
        return [self.units / name for name in names]

    def facts_of(self, slot: str) -> dict[str, Any]:
        """What the slot's settings say of it: release, ready path, times. Raises FileNotFoundError for no such slot."""
        return dict(json.loads((self.settings / slot / "slot.json").read_text()))

    def releases(self) -> list[str]:
        """Finished releases, the newest last."""
        markers = self.home.glob(f"releases/*/{MARKER}")
        return [marker.parent.name for marker in sorted(markers, key=lambda marker: marker.stat().st_mtime)]

    def proved(self) -> list[str]:
        """Releases whose slot is there to go back to, the one that was proved last at the end."""
        slots = self.slots()
        links = [link for link in map(self.slot_of, self.releases()) if target(link) in slots]
        return [link.name for link in sorted(links, key=lambda link: link.lstat().st_mtime_ns)]

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
