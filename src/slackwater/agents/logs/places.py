"""Where packets go: a bucket or a directory. What is there is never written over."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from ..files import sync_folder
from ..signed import Aws, RefusedError

HEADERS = {"content-type": "application/gzip", "if-none-match": "*"}
"""The bucket's own encryption and owner stand: AWS encrypts every object, with the bucket's key where it has one."""
THERE = 412
"""S3's status when an object of that name is there: its name is that of its content, so it has come already."""


class Place(Protocol):
    def put(self, key: str, body: bytes) -> None:
        """It is there for good when this returns. Raises OSError or RefusedError."""


class Bucket:
    """`to` is s3://bucket/prefix; `aws` has the deadline."""

    def __init__(self, to: str, aws: Aws) -> None:
        self._to, self._aws = to, aws

    def put(self, key: str, body: bytes) -> None:
        try:
            self._aws.object(f"{self._to}/{key}", "PUT", body, headers=HEADERS)
        except RefusedError as error:
            if error.status != THERE:
                raise


class Directory:
    """One that outlives the host: a disk of the network."""

    def __init__(self, to: str) -> None:
        self._to = Path(to)

    def put(self, key: str, body: bytes) -> None:
        """The directory itself must be there: one that is not mounted must not be filled underneath."""
        path = self._to / key
        if not self._to.is_dir():
            raise FileNotFoundError(f"{self._to} is not there")
        if path.exists():
            return
        path.parent.mkdir(0o750, parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.new")
        with new.open("wb") as file:
            os.fchmod(file.fileno(), 0o640)
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        new.rename(path)
        sync_folder(path.parent)
