"""Logs: how long they stay on a host, and where they go from it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import text, whole
from slackwater.settings.store import S3

DIRECTORY = re.compile(r"/[A-Za-z0-9._/-]*[A-Za-z0-9._-]")
SHIP_ALLOWED = "a bucket and prefix such as 's3://bucket/logs', or the path of a directory such as '/mnt/logs'"


class Logs(Settings):
    """Log files are rotated daily and compressed; what is shipped can be read when the host is gone."""

    keep: int = whole(14, "Rotated files that are kept.", unit="days", least=1, most=3650)
    journal_max: int = whole(500, "The journal's largest size on disk.", unit="MB", least=16)
    ship_to: str | None = text(
        None,
        "Where the app's journal and nginx's logs are copied to every minute, and at the end: a bucket and prefix, or "
        "a directory of a disk that outlives the host. Instances of a scaling group need a bucket.",
        allowed=SHIP_ALLOWED,
    )

    @property
    def bucket(self) -> str | None:
        """The `s3://bucket/prefix` without a slash at the end; None when there is none."""
        return self.ship_to.rstrip("/") if self.ship_to and self.ship_to.startswith("s3://") else None

    def conflicts(self) -> Iterator[Fault]:
        if self.ship_to is not None and not (S3.fullmatch(self.ship_to) or DIRECTORY.fullmatch(self.ship_to)):
            yield self.fault("ship_to", f"must be {SHIP_ALLOWED}, or None")
