"""Manifest: what a release is, beside its archive; an archive without one is no release."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError

from slackwater.errors import ReleaseError


@dataclass(frozen=True)
class Manifest:
    """`source` identifies what it was built from, `sha256` and `size` (bytes) its archive; `created` is UTC, ISO 8601.

    `commit` ends in "-dirty" when the release has files that the commit has not; None when there is no git checkout.
    `python` is None for one that runs on every host's own. `wheels`: hosts need no package index.
    """

    id: str
    app: str
    sha256: str
    size: int
    source: str
    commit: str | None
    python: str | None
    created: str
    wheels: bool

    @property
    def key(self) -> str:
        return manifest_key(self.app, self.id)

    @property
    def archive(self) -> str:
        """The archive's key names its content: two who build one id at once never overwrite each other's."""
        return f"{self.app}/{self.id}-{self.sha256[:12]}.tar.gz"

    def dump(self) -> bytes:
        return (json.dumps(asdict(self), indent=2) + "\n").encode()


def manifest_key(app: str, release: str) -> str:
    return f"{app}/{release}.json"


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def parsed(data: bytes, key: str, store: str) -> Manifest:
    """Raises ReleaseError when it is not the manifest that belongs at `key`."""
    try:
        manifest = TypeAdapter(Manifest).validate_json(data, strict=True)
    except ValidationError as error:
        fields = ", ".join(str(each["loc"][0]) if each["loc"] else "its form" for each in error.errors())
        raise ReleaseError(
            f"{store}: {key} is not a release's manifest (wrong: {fields}): put the right one back, "
            "or remove it to build the release anew"
        ) from error
    if manifest.key != key:
        raise ReleaseError(f"{store}: {key} is the manifest of {manifest.app} {manifest.id}: it was moved or copied")
    return manifest
