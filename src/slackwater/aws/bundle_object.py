"""The bundle in the store's bucket, named by its content: what a new instance fetches to provision itself."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from slackwater.aws.call import Call, Upload
from slackwater.aws.clients import Clients
from slackwater.errors import CloudError

NONE = ("404", "NoSuchKey", "NotFound")


@dataclass(frozen=True)
class BundleObject:
    """`path` is the file on this machine; its content's hash is in `key`."""

    bucket: str
    key: str
    path: Path
    sha256: str

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def observe_bundle(clients: Clients, bundle: BundleObject) -> bool:
    """Whether it lies there already."""
    try:
        clients.ask("s3", "head_object", Bucket=bundle.bucket, Key=bundle.key)
    except CloudError as error:
        if error.code in NONE:
            return False
        raise
    return True


def plan_bundle(bundle: BundleObject, is_there: bool) -> list[Call]:
    """S3 itself refuses the upload when what arrives has another hash."""
    arguments = {
        "Bucket": bundle.bucket,
        "Key": bundle.key,
        "Body": Upload(bundle.path, bundle.sha256),
        "ChecksumSHA256": base64.b64encode(bytes.fromhex(bundle.sha256)).decode(),
    }
    return [] if is_there else [Call("s3", "put_object", arguments, "new")]
