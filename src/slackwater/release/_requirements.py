"""An app's dependencies, resolved once, with a hash for every file that a host may install."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from slackwater.errors import ReleaseError
from slackwater.release import _pins
from slackwater.release._pins import Pin
from slackwater.release._uv import uv


@dataclass(frozen=True)
class Wanted:
    """`file` names what the app needs (None: nothing); `shown` is its name in messages; `own` comes as a wheel."""

    app: str
    file: Path | None
    shown: str
    server: Path
    python: str
    own: str | None = None

    @property
    def failed(self) -> str:
        return f"app {self.app}: the dependencies in {self.shown} and the server's pins could not be resolved together"


def resolve(wanted: Wanted, cwd: Path) -> str:
    """A requirements file with hashes, for the app's Python and every later one, on every platform.

    uv itself ignores hashes in what it resolves, so the author's are enforced here: a wrong one fails the build.
    """
    author = _authors_pins(wanted)
    resolved = _pins.parse_all(_compile(wanted, cwd), wanted.shown)
    return "".join(str(_checked(pin, author, wanted)) for pin in resolved)


def _compile(wanted: Wanted, cwd: Path) -> str:
    inputs = [str(path) for path in (wanted.file, wanted.server) if path]
    own = ["--no-emit-package", wanted.own] if wanted.own else []
    return uv(
        *("pip", "compile", "--universal", "--python-version", wanted.python, "--python", sys.executable),
        *("--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", *own, *inputs),
        cwd=cwd,
        failed=wanted.failed,
    )


def _authors_pins(wanted: Wanted) -> dict[str, list[Pin]]:
    found: dict[str, list[Pin]] = {}
    if wanted.file is None or wanted.file.suffix == ".toml":
        return found
    for pin in _pins.read(wanted.file, wanted.shown):
        if pin.hashes:
            found.setdefault(_name(pin, wanted), []).append(pin)
    return found


def _checked(pin: Pin, author: dict[str, list[Pin]], wanted: Wanted) -> Pin:
    if not pin.hashes:
        raise ReleaseError(
            f"app {wanted.app}: {wanted.shown} leads to '{pin.text}', which has no hash, so hosts could get something "
            "other than what was built: name a released version from the package index, or a wheel's https address"
        )
    theirs = author.get(_name(pin, wanted))
    if theirs is None:
        return pin
    if not (checked := _pins.narrowed(pin, theirs)).hashes:
        places = ", ".join(each.where for each in theirs)
        raise ReleaseError(
            f"app {wanted.app}: none of the hashes at {places} is the sha256 of a file that the package index offers "
            f"for {pin.text}: either the line is wrong or the files were replaced; nothing was built"
        )
    return checked


def _name(pin: Pin, wanted: Wanted) -> str:
    if pin.requirement is None:
        raise ReleaseError(
            f"app {wanted.app}: {pin.where}: '{pin.text}' has a hash but is not a package's name and version, "
            "so the hash cannot be enforced: write it as 'name==version' or 'name @ address'"
        )
    return canonicalize_name(pin.requirement.name)
