"""What an instance reads of itself, by IMDSv2 only: one kept connection, a token that is renewed in time, its role."""

from __future__ import annotations

import http.client
import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

METADATA = "http://169.254.169.254"
TOKEN, TTL = "X-aws-ec2-metadata-token", "X-aws-ec2-metadata-token-ttl-seconds"
LIFE = 21600
"""Seconds that a token is good for, the most that there is; it is renewed after half of them, before it can run out."""
TIMEOUT = 2.0
"""Seconds: the service answers in milliseconds or, while the network comes up and outside of EC2, not at all."""
PAUSE, LONGEST_PAUSE = 0.5, 10.0
"""Seconds between attempts, doubled each time: who is throttled asks less, and a lost network is found again soon."""
RENEW = 300.0
"""Seconds after which credentials are asked for anew: the service replaces them well before they expire."""
ROLE = "iam/security-credentials/"


class MetadataError(OSError):
    """The service does not answer, or with another `status` than 200 and 404; 0 where nobody answered."""

    def __init__(self, said: str, status: int = 0) -> None:
        super().__init__(said)
        self.status = status


class NoRoleError(LookupError):
    """The instance has no profile (yet)."""


@dataclass(frozen=True)
class Keys:
    """Credentials of the instance's role."""

    role: str
    access: str
    secret: str = field(repr=False)
    token: str = field(repr=False)


def pauses() -> Iterator[float]:
    """Seconds to wait before each further attempt: longer and longer, and no two hosts of a fleet wait the same."""
    pause = PAUSE
    while True:
        yield pause * random.uniform(0.5, 1.5)  # noqa: S311 - spreads hosts, protects nothing
        pause = min(2 * pause, LONGEST_PAUSE)


class Metadata:
    """Several threads may ask; what they ask never goes through a proxy, for the address is the machine's own."""

    def __init__(self, address: str | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.address = (address or os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or METADATA).rstrip("/")
        self._clock, self._lock = clock, threading.Lock()
        self._connection: http.client.HTTPConnection | None = None
        self._token, self._half, self._read = "", float("-inf"), float("-inf")
        self._keys: Keys | None = None

    def get(self, path: str) -> str | None:
        """None where there is no such thing. Raises MetadataError. A token that is refused is renewed once."""
        with self._lock:
            status, text = self._asked(path)
            if status == 401:
                self._token = ""
                status, text = self._asked(path)
        if status not in {200, 404}:
            raise MetadataError(f"the metadata service at {self.address} answers with {status}", status)
        return text if status == 200 else None

    def instance(self) -> str:
        """Waits: the network may come up later than we."""
        while True:
            with suppress(MetadataError):
                if found := self.get("instance-id"):
                    return found
            time.sleep(PAUSE)

    def keys(self) -> Keys:
        """Kept for a while. Raises MetadataError, NoRoleError, and LookupError for a role that gives none (yet)."""
        if self._keys is None or self._clock() > self._read + RENEW:
            role = (self.get(ROLE) or "").split("\n")[0].strip()
            text = self.get(ROLE + role) if role else None
            if text is None:
                raise NoRoleError("the instance has no role: its launch template must name an instance profile")
            self._keys, self._read = _keys(role, text), self._clock()
        return self._keys

    def forget_keys(self) -> None:
        """They were refused: the next ones are asked for at once."""
        self._keys = None

    def _asked(self, path: str) -> tuple[int, str]:
        if not self._token or self._clock() > self._half:
            status, token = self._ask("PUT", "/latest/api/token", {TTL: str(LIFE)})
            if status == 200:
                self._token, self._half = token, self._clock() + LIFE / 2
            elif not self._token:  # else the one that it has is good for as long again
                return status, ""
        return self._ask("GET", f"/latest/meta-data/{path}", {TOKEN: self._token})

    def _ask(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        """The service may have closed a connection that was kept: then, and only then, it is asked once more."""
        was_kept = self._connection is not None and self._connection.sock is not None
        try:
            try:
                return self._exchange(method, path, headers)
            except ConnectionError:
                if not was_kept:
                    raise
            return self._exchange(method, path, headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise MetadataError(f"the metadata service at {self.address} does not answer: {error!r}") from error

    def _exchange(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        parts = urlsplit(self.address)
        if self._connection is None:
            self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
        try:
            self._connection.request(method, parts.path + path, headers=headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException, ValueError):
            self._connection.close()
            raise


def _keys(role: str, text: str) -> Keys:
    """The service answers 200 for a role that cannot be assumed, too; one that was made a moment ago soon can."""
    said: Any = None
    with suppress(ValueError):
        said = json.loads(text)
    found = said if isinstance(said, dict) else {}
    if not (found.get("AccessKeyId") and found.get("SecretAccessKey")):
        raise LookupError(f"the instance's role {role} gives no credentials: {found.get('Code')}")
    return Keys(role, found["AccessKeyId"], found["SecretAccessKey"], found.get("Token") or "")
