"""Store: where proved releases are kept for every host to fetch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import choice, text

Kind = Literal["directory", "s3"]
S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9!_.*'()/-]*)?")


class Store(Settings):
    """Made by `Store.directory(path)` or `Store.s3("s3://bucket/prefix")`."""

    kind: Kind = choice(..., "What holds the releases.", ("directory", "s3"))
    location: str = text(
        ...,
        "The directory on the operator's machine, relative to the project; or the bucket and prefix.",
        allowed="a directory, or for s3 a bucket and prefix such as 's3://bucket/prefix'",
    )

    @classmethod
    def directory(cls, path: str) -> Store:
        """A directory of the operator's machine."""
        return cls(kind="directory", location=path)

    @classmethod
    def s3(cls, url: str) -> Store:
        """`s3://bucket/prefix`; instances read it with their own role."""
        return cls(kind="s3", location=url)

    def conflicts(self) -> Iterator[Fault]:
        if self.kind == "directory" and ("://" in self.location or not self.location.strip()):
            yield self.fault(
                "location", "must be a directory, such as '/var/lib/slackwater/store'; a bucket is Store.s3(…)"
            )
        if self.kind == "s3" and not S3.fullmatch(self.location):
            yield self.fault("location", "must be a bucket and prefix such as 's3://bucket/prefix'")
