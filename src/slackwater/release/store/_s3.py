"""A store in an S3 bucket; who comes first is decided by S3's own conditional writes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from slackwater.errors import ReleaseError
from slackwater.release.store import _aws
from slackwater.release.store._atomic import replacing

GONE = ("NoSuchKey", "404", "NotFound")
REFUSED = ("PreconditionFailed", "412", *GONE)
CONFLICT = ("ConditionalRequestConflict", "OperationAborted", "409")
ATTEMPTS = 20
"""How often S3 may say that another write is just going on before it is called a fault."""
PAUSE = 0.1
"""Seconds between two of them: long enough for the other write to end, short enough not to be felt."""


@dataclass(frozen=True)
class S3Files:
    """`url` is s3://bucket/prefix."""

    url: str

    @property
    def name(self) -> str:
        return self.url.rstrip("/")

    @cached_property
    def bucket(self) -> str:
        return self.url.removeprefix("s3://").partition("/")[0]

    @cached_property
    def prefix(self) -> str:
        """Empty, or ending in a slash."""
        path = self.url.removeprefix("s3://").partition("/")[2].strip("/")
        return f"{path}/" if path else ""

    @cached_property
    def client(self) -> Any:
        return _aws.client("s3")

    def read(self, key: str) -> bytes | None:
        with self._sentences():
            return self._found(key)[0]

    def write(self, key: str, data: bytes) -> None:
        with self._sentences():
            self.client.put_object(**self._at(key), Body=data)

    def create(self, key: str, data: bytes) -> bool:
        with self._sentences():
            return self._put_if(key, data, IfNoneMatch="*")

    def replace(self, key: str, old: bytes, new: bytes) -> bool:
        with self._sentences():
            data, etag = self._found(key)
            return data == old and self._put_if(key, new, IfMatch=etag)

    def remove(self, key: str, old: bytes | None = None) -> bool:
        with self._sentences():
            data, etag = self._found(key)
            if data is None or (old is not None and data != old):
                return False
            return self._delete(key, {} if old is None else {"IfMatch": etag})

    def keys(self, prefix: str) -> list[str]:
        with self._sentences():
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix + prefix
            )
            return sorted(each["Key"].removeprefix(self.prefix) for page in pages for each in page.get("Contents", ()))

    def upload(self, path: Path, key: str) -> None:
        with self._sentences():
            self.client.upload_file(str(path), self.bucket, self.prefix + key)

    def download(self, key: str, path: Path) -> None:
        from botocore.exceptions import ClientError

        with self._sentences(), replacing(path) as file:
            try:
                self.client.download_fileobj(self.bucket, self.prefix + key, file)
            except ClientError as error:
                if _aws.code(error) in GONE:
                    raise ReleaseError(f"{self.name}: {key} is not there") from error
                raise

    def _found(self, key: str) -> tuple[bytes | None, str]:
        """What is there, and S3's word for this state of it."""
        from botocore.exceptions import ClientError

        try:
            answer = self.client.get_object(**self._at(key))
        except ClientError as error:
            if _aws.code(error) in GONE:
                return None, ""
            raise
        return answer["Body"].read(), answer["ETag"]

    def _put_if(self, key: str, data: bytes, **condition: str) -> bool:
        """Signed: boto3 repeats a write whose answer was lost, and S3 then refuses it because of our own first one."""
        from botocore.exceptions import ClientError

        writer = uuid4().hex
        for _ in range(ATTEMPTS):
            try:
                self.client.put_object(**self._at(key), Body=data, Metadata={"writer": writer}, **condition)
                return True
            except ClientError as error:
                if _aws.code(error) in REFUSED:
                    return self._writer(key) == writer
                if _aws.code(error) not in CONFLICT:
                    raise
            time.sleep(PAUSE)
        raise ReleaseError(f"{self.name}: {key} is written by others all the time")

    def _writer(self, key: str) -> str | None:
        from botocore.exceptions import ClientError

        try:
            writer: str | None = self.client.head_object(**self._at(key))["Metadata"].get("writer")
        except ClientError as error:
            if _aws.code(error) in GONE:
                return None
            raise
        return writer

    def _delete(self, key: str, condition: dict[str, str]) -> bool:
        from botocore.exceptions import ClientError

        try:
            self.client.delete_object(**self._at(key), **condition)
        except ClientError as error:
            if _aws.code(error) in (*REFUSED, *CONFLICT):
                return False
            raise
        return True

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.prefix + key}

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        needs = f"s3:ListBucket on {self.bucket}, and s3:GetObject, s3:PutObject and s3:DeleteObject on what is in it"
        with _aws.sentences(f"the release store {self.name} cannot be used", needs):
            yield
