"""A packet: some lines of one source, and where the next one begins. What is shipped is one object a packet."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

LARGEST = 4 * 1024 * 1024
"""Bytes before they are compressed: a packet is held in memory while it is signed and sent."""
DIGEST = 12
"""Characters of it in a name: what bears the same name holds the same."""


@dataclass(frozen=True)
class Position:
    """How far it has been read: the journal's cursor, and of each file its bytes and a digest of how it begins.

    Files are known by their inode, for logrotate gives them other names.
    """

    cursor: str = ""
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"cursor": self.cursor, "files": {key: list(value) for key, value in self.files.items()}}


def position(document: Mapping[str, Any]) -> Position:
    """What was written. Raises what values of another shape raise."""
    files = {str(key): (int(read), str(head)) for key, (read, head) in document["files"].items()}
    return Position(str(document["cursor"]), files)


@dataclass(frozen=True)
class Packet:
    """`after` is the position once it is shipped."""

    source: str
    data: bytes
    after: Position

    def body(self) -> bytes:
        """The same for the same lines."""
        return gzip.compress(self.data, 6, mtime=0)

    def name(self, now: float) -> str:
        """2026-11-21/120000.123456Z-journal-0123456789ab.gz: in the order of `now`, seconds of the wall clock."""
        at = datetime.fromtimestamp(now, UTC)
        digest = hashlib.sha256(self.data).hexdigest()[:DIGEST]
        return f"{at:%Y-%m-%d/%H%M%S.%fZ}-{self.source}-{digest}.gz"
