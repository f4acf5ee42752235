"""Proved: the release that a fleet is meant to run, as the pointer says it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter, ValidationError

from slackwater.errors import ReleaseError
from slackwater.person import machine, user
from slackwater.release._manifest import now
from slackwater.release._release import Release

REMEMBERED = 20
"""Earlier releases; a parameter of SSM holds 4 KB."""


@dataclass(frozen=True)
class Proved:
    """`sha256` is the archive's, `at` UTC in ISO 8601, `by` user@host.

    `history` are the releases that were proved before, the newest last.
    """

    release: str
    sha256: str
    at: str
    by: str
    history: tuple[str, ...] = ()

    @classmethod
    def here(cls, release: Release, history: Sequence[str] = ()) -> Proved:
        """Proved now, by this user on this machine."""
        by = f"{user()}@{machine()}"
        return cls(release.id, release.sha256, now(), by, tuple(history[-REMEMBERED:]))

    @property
    def previous(self) -> str | None:
        """The release before."""
        return self.history[-1] if self.history else None

    def dump(self) -> bytes:
        return (json.dumps(asdict(self), indent=2) + "\n").encode()


def parsed(data: bytes, where: str) -> Proved:
    """Raises ReleaseError: taking what cannot be read for "none" would prove whatever the source happens to be."""
    try:
        return TypeAdapter(Proved).validate_json(data, strict=True)
    except ValidationError as error:
        fields = ", ".join(str(each["loc"][0]) if each["loc"] else "its form" for each in error.errors())
        raise ReleaseError(
            f"{where} does not say which release is proved (wrong: {fields}): write the right one back, "
            "or remove it if nothing was proved yet"
        ) from error
