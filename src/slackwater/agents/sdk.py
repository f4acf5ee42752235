"""boto3 for agents: clients that do not hang, and all that they raise."""

from __future__ import annotations

from typing import Any

CONNECT_TIMEOUT = 3
"""Seconds: the next look is due soon, so one that hangs is given up and counted."""


class AbsentError(Exception):
    """boto3 is not installed."""


def client(service: str, region: str | None, endpoint: str | None = None, *, read_timeout: float, attempts: int) -> Any:
    """Of boto3's own chain of credentials; on an instance that is its role. `read_timeout` is in seconds."""
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise AbsentError("boto3 is not installed on this host: install python3-boto3") from error
    retries = {"total_max_attempts": attempts, "mode": "standard"}
    config = Config(connect_timeout=CONNECT_TIMEOUT, read_timeout=read_timeout, retries=retries)
    return boto3.session.Session().client(service, region_name=region, endpoint_url=endpoint, config=config)


def failures() -> tuple[type[Exception], ...]:
    """What boto3 raises; it meets nonsense that is well-formed with whatever Python raises for a missing key."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError
    except ImportError:
        return (AbsentError,)
    wrong = (LookupError, TypeError, ValueError, AttributeError, OSError)
    return (AbsentError, BotoCoreError, ClientError, ResponseParserError, *wrong)
