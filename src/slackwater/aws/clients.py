"""Clients: boto3's clients of one region that do not hang, paginated reads, and boto3's errors as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from slackwater.errors import CloudError

CONNECT_TIMEOUT = 10
"""Seconds: an address that nobody answers at would hold a plan for a minute an attempt."""
READ_TIMEOUT = 60
"""Seconds without a byte: a connection that broke without a word would hold an apply for ever."""
ATTEMPTS = 8
"""Of one request, by botocore's standard mode with its growing pauses: AWS throttles whoever describes a lot."""

CODES = {
    "NoSuchBucket": "there is no such bucket: create it, or name another in `store` of the group data",
    "ExpiredToken": "the AWS credentials have expired: sign in again",
    "ExpiredTokenException": "the AWS credentials have expired: sign in again",
    "RequestExpired": "the AWS credentials have expired, or this machine's clock is wrong",
    "InvalidClientTokenId": "AWS does not know these credentials: look at AWS_PROFILE and AWS_ACCESS_KEY_ID",
    "AuthFailure": "AWS does not take these credentials: look at AWS_PROFILE and AWS_ACCESS_KEY_ID",
    "UnrecognizedClientException": "AWS does not know these credentials: look at AWS_PROFILE and AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "AWS does not take these credentials: the secret key does not belong to the key id",
}
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403", "Forbidden")


class Clients:
    """Credentials come from boto3's own chain; `endpoint` is another address than AWS's, such as the lab's."""

    def __init__(self, region: str, endpoint: str | None = None) -> None:
        self.region, self.endpoint = region, endpoint
        self._services: dict[str, Any] = {}
        self._lock = Lock()
        self._session: Any = None

    def service(self, name: str) -> Any:
        """The boto3 client of a service, made once."""
        with self._lock:
            if name not in self._services:
                self._services[name] = self._make(name)
            return self._services[name]

    def ask(self, service: str, method: str, **arguments: Any) -> dict[str, Any]:
        """One read. boto3's errors come out as CloudError; its `code` is AWS's word."""
        with explained(f"{service} {method}"):
            reply: dict[str, Any] = getattr(self.service(service), method)(**arguments)
        return reply

    def pages(self, service: str, method: str, key: str, **arguments: Any) -> list[Any]:
        """All pages of a read: what the replies hold under `key`."""
        with explained(f"{service} {method}"):
            client = self.service(service)
            if not client.can_paginate(method):
                return list(getattr(client, method)(**arguments).get(key, []))
            return [one for page in client.get_paginator(method).paginate(**arguments) for one in page.get(key, [])]

    def _make(self, name: str) -> Any:
        import boto3
        from botocore.config import Config

        # A session of its own: boto3's default one must not be used by two threads at once.
        self._session = self._session or boto3.session.Session(region_name=self.region)
        config = Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            user_agent_extra="slackwater",
        )
        return self._session.client(name, config=config, endpoint_url=self.endpoint)


@contextmanager
def explained(what: str) -> Iterator[None]:
    """`what` was asked of AWS: the sentence begins with it."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError, Boto3Error) as error:
        raise CloudError(f"{what}: {why(error)}", code=code(error)) from error


def code(error: Exception) -> str:
    """AWS's own word for an error; empty for one that is not AWS's."""
    if isinstance(error, CloudError):
        return error.code
    response = getattr(error, "response", None)
    return str(response["Error"]["Code"]) if response else ""


def why(error: Exception) -> str:
    from botocore import exceptions

    if code(error) in DENIED:
        return f"access was denied; `slackwater permissions` prints what the operator needs ({error})"
    match error:
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError():
            return "no AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        case exceptions.ProfileNotFound():
            return f"{error}: look at AWS_PROFILE"
        case exceptions.EndpointConnectionError() | exceptions.ConnectTimeoutError():
            return f"AWS cannot be reached; look at the network, the region and AWS_ENDPOINT_URL: {error}"
        case _:
            return CODES.get(code(error)) or str(error)
