"""The boundary to AWS: clients that do not hang, and boto3's errors as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from slackwater.errors import ReleaseError

CONNECT_TIMEOUT = 10
"""Seconds: an address that nobody answers at would hold every command for a minute an attempt."""
READ_TIMEOUT = 60
"""Seconds without a byte: a connection that broke without a word would hold a release for ever."""

CODES = {
    "NoSuchBucket": "there is no such bucket: create it, or name another in `store` of the group data",
    "ExpiredToken": "the AWS credentials have expired: sign in again",
    "ExpiredTokenException": "the AWS credentials have expired: sign in again",
    "InvalidAccessKeyId": "AWS does not know these credentials: look at AWS_PROFILE and AWS_ACCESS_KEY_ID",
    "UnrecognizedClientException": "AWS does not know these credentials: look at AWS_PROFILE and AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "AWS does not take these credentials: the secret key does not belong to the key id",
}
DENIED = ("AccessDenied", "AccessDeniedException", "AllAccessDisabled", "403", "Forbidden")


def client(service: str) -> Any:
    """Endpoint, region and credentials come from boto3's own chain: AWS_ENDPOINT_URL, AWS_PROFILE, the VM's role …"""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=CONNECT_TIMEOUT, read_timeout=READ_TIMEOUT)
    # A session of its own: boto3's default one must not be used by two threads at once.
    return boto3.session.Session().client(service, config=config)


@contextmanager
def sentences(what: str, needs: str) -> Iterator[None]:
    """`needs` says which permissions it takes."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError
    from s3transfer.exceptions import RetriesExceededError, S3DownloadFailedError

    try:
        yield
    except (BotoCoreError, ClientError, Boto3Error, RetriesExceededError, S3DownloadFailedError) as error:
        raise ReleaseError(f"{what}: {_why(error, needs)}") from error


def code(error: Exception) -> str:
    """AWS's own word for it; empty for an error that is not AWS's."""
    response = getattr(error, "response", None)
    return str(response["Error"]["Code"]) if response else ""


def _why(error: Exception, needs: str) -> str:
    from boto3.exceptions import Boto3Error

    # boto3 hides what went wrong with an upload behind an error of its own.
    inner = error.__context__ if isinstance(error, Boto3Error) and isinstance(error.__context__, Exception) else error
    if code(inner) in DENIED:
        return f"access was denied: the credentials must allow {needs}"
    return CODES.get(code(inner)) or _of_boto3(inner)


def _of_boto3(error: Exception) -> str:
    from botocore import exceptions
    from s3transfer.exceptions import RetriesExceededError

    match error:
        case RetriesExceededError():
            return f"the download broke off again and again: {error.last_exception}"
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError():
            return "no AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        case exceptions.NoRegionError():
            return "no AWS region was found: set AWS_DEFAULT_REGION, or a region in the profile"
        case exceptions.EndpointConnectionError() | exceptions.ConnectTimeoutError():
            return f"AWS cannot be reached; look at the network, the region and AWS_ENDPOINT_URL: {error}"
        case _:
            return str(error)
