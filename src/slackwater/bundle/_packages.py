"""What a bundle brings for pip: pip itself, the pinned requirements with their hashes, and, if asked, every wheel."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from slackwater.release._pack import sha256
from slackwater.release._pins import Pin, parse_all
from slackwater.release._wheels import PYTHONS, Target, fetch, targets
from slackwater.resources import resource

WHEELHOUSE = "wheelhouse"


@dataclass(frozen=True)
class Wheels:
    """`cache` keeps what was fetched, by the pins that named it; `machine` is x86_64 or aarch64, None as this one."""

    cache: Path
    machine: str | None = None

    def pip(self, folder: Path) -> None:
        """Pure Python, so the same for every instance."""
        self._fetched([pin for pin in own_pins() if _name(pin) == "pip"], self._targets()[:1], folder)

    def wheelhouse(self, folder: Path) -> None:
        """For each Python that an instance may have, with uv, which installs the release."""
        self._fetched([*required(), *_pins("requirements/uv.txt")], self._targets(), folder)

    def _targets(self) -> list[Target]:
        return [Target(python, self.machine) for python in PYTHONS] if self.machine else targets(None)

    def _fetched(self, pins: Sequence[Pin], wanted: Sequence[Target], folder: Path) -> None:
        key = hashlib.sha256("\n".join([*map(str, pins), *map(str, wanted)]).encode()).hexdigest()[:16]
        kept = self.cache / key
        if not kept.is_dir():
            self._keep(pins, wanted, kept)
        folder.mkdir(parents=True, exist_ok=True)
        for wheel in sorted(kept.glob("*.whl")):
            shutil.copyfile(wheel, folder / wheel.name)

    def _keep(self, pins: Iterable[Pin], wanted: Iterable[Target], kept: Path) -> None:
        """Under its name only when it is complete: a fetch that died is never taken for a wheelhouse."""
        kept.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=kept.parent, prefix=".") as scratch:
            for target in wanted:
                fetch("slackwater", list(pins), target, Path(scratch, WHEELHOUSE))
            if not kept.is_dir():
                Path(scratch, WHEELHOUSE).rename(kept)


def requirements(wheel: Path) -> str:
    """Of the bundle: every package by version and hashes, Slackwater's own wheel too."""
    return "".join([*map(str, required()), f"./{wheel.name} --hash=sha256:{sha256(wheel)}\n"])


def required() -> list[Pin]:
    return [pin for pin in own_pins() if _name(pin) != "pip"]


def own_pins() -> list[Pin]:
    return _pins("requirements/self.txt")


def _pins(name: str) -> list[Pin]:
    return parse_all(resource(name).read_text(), name)


def _name(pin: Pin) -> str:
    return pin.requirement.name if pin.requirement else ""
