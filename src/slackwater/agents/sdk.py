"""boto3 for agents: clients that do not hang, and all that they raise."""

from __future__ import annotations

import os
from typing import Any

METADATA = "169.254.169.254"
"""Where boto3 asks for the machine's role."""
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
    _ask_metadata_directly()
    retries = {"total_max_attempts": attempts, "mode": "standard"}
    config = Config(connect_timeout=CONNECT_TIMEOUT, read_timeout=read_timeout, retries=retries)
    return boto3.session.Session().client(service, region_name=region, endpoint_url=endpoint, config=config)


def _ask_metadata_directly() -> None:
    """boto3 asks them as it asks AWS, and a proxy has metadata of its own, or none."""
    direct = os.environ.get("no_proxy") or os.environ.get("NO_PROXY", "")
    if METADATA not in direct.split(","):
        os.environ["no_proxy"] = f"{direct},{METADATA}".strip(",")


def failures() -> tuple[type[Exception], ...]:
    """What boto3 raises; it meets nonsense that is well-formed with whatever Python raises for a missing key."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError
    except ImportError:
        return (AbsentError,)
    wrong = (LookupError, TypeError, ValueError, AttributeError, OSError)
    return (AbsentError, BotoCoreError, ClientError, ResponseParserError, *wrong)
