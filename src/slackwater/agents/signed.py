"""AWS by plain HTTP: requests that are signed with the credentials of the instance's role, and asked again."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from .dial import Names, request
from .metadata import Keys, Metadata, pauses

__all__ = ["NONSENSE", "Aws", "Keys", "Metadata", "Question", "RefusedError", "signed"]

T = TypeVar("T")
TIMEOUT = 20.0
"""Seconds without a byte, at most: a connection that broke without a word would hold the boot until its deadline."""
SHARE = 0.5
"""Of the time that is left: a connection that hangs must leave time for another."""
LEAST_TIMEOUT = 5.0
"""Seconds for a last attempt, however late it is: none at all would be no attempt."""
NEW_ROLE = 60.0
"""Seconds for which "denied" is not believed: a role that was made a moment ago is not known everywhere yet."""
PASSING = {307, 408, 425, 429, 500, 502, 503, 504}
THROTTLED = re.compile(r"Throttl|RequestLimitExceeded|SlowDown|TooManyRequests|RequestTimeTooSkewed|ExpiredToken")
ELSEWHERE = {"PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed"}
DENIED = re.compile(r"AccessDenied|ExpiredToken|InvalidClientTokenId|UnrecognizedClient")
NONSENSE = (OSError, http.client.HTTPException, LookupError, ValueError, TypeError, AttributeError)
"""What a network that breaks off raises, and what an answer of another shape than AWS's."""
Answer = http.client.HTTPResponse
Take = Callable[[Answer], Any]


@dataclass(frozen=True)
class Question:
    """A request to a service of AWS, not signed yet. Names of headers are in lower case."""

    service: str
    method: str
    url: str
    region: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """AWS said no, or nothing until the deadline; `code` is its word for it, `region` where it sends us: or empty."""

    def __init__(self, what: str, said: str, status: int = 0, code: str = "", region: str = "") -> None:
        super().__init__(f"{what}: {said}")
        self.status, self.code, self.said, self.region = status, code, said, region

    @property
    def is_denied(self) -> bool:
        return self.status in {401, 403} or DENIED.search(self.code) is not None

    @property
    def may_pass(self) -> bool:
        """Another attempt may help: AWS was busy, or did not answer with sense."""
        return not self.status or self.status in PASSING or THROTTLED.search(self.code) is not None


class _NoError(OSError):
    """An answer that is not what was asked for; also one that sends us elsewhere: what is signed is for one host."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.status, self.region, self.text = answer.status, answer.headers.get("x-amz-bucket-region") or "", ""
        with suppress(OSError, http.client.HTTPException):
            self.text = answer.read(4000).decode(errors="replace")


@dataclass
class Aws:
    """`deadline` is on time.monotonic(): until then whatever may pass is tried again. `endpoint` replaces AWS's own.

    `new_role` is in seconds: for so long "denied" may pass, too. `least` are those of a last attempt.
    """

    metadata: Metadata
    region: str
    endpoint: str | None
    deadline: float
    new_role: float = NEW_ROLE
    least: float = LEAST_TIMEOUT
    names: Names = field(default_factory=Names)
    _homes: dict[str, str] = field(default_factory=dict)

    def within(self, seconds: float) -> Aws:
        """The same, with less time."""
        return replace(self, deadline=min(self.deadline, time.monotonic() + seconds))

    def object(
        self,
        url: str,
        method: str = "GET",
        body: bytes = b"",
        take: Take = Answer.read,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """`url` is s3://bucket/key; `take` reads the answer, and is called again when it broke off."""
        bucket, _, key = url.removeprefix("s3://").partition("/")
        kind = {**({"content-type": "application/octet-stream"} if body else {}), **(headers or {})}
        home = self._homes.get(bucket, self.region)
        place = f"{self._place('s3', home)}/{bucket}/{quote(key, safe='/~')}"
        try:
            return self._send(Question("s3", method, place, home, body, kind), take)
        except RefusedError as error:
            if not error.region or bucket in self._homes:
                raise
            self._homes[bucket] = error.region
        return self.object(url, method, body, take, headers)

    def scaling(self, action: str, **arguments: str) -> str:
        return self.query("autoscaling", "2011-01-01", action, **arguments)

    def query(self, service: str, version: str, action: str, **arguments: str) -> str:
        """One operation of a service that speaks AWS's query protocol, in its XML."""
        body = urlencode({"Action": action, "Version": version, **arguments}).encode()
        kind = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        return str(self._post(service, self.region, body, kind, lambda answer: answer.read().decode()))

    def parameter(self, name: str) -> str:
        """A parameter of SSM."""
        return str(self.call("ssm", "AmazonSSM.GetParameter", {"Name": name}, take=_value))

    def call(
        self,
        service: str,
        target: str,
        document: Mapping[str, Any],
        region: str = "",
        take: Callable[[Any], Any] = dict,
    ) -> Any:
        """One operation of a service that speaks JSON, by default in the own region."""
        kind = {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}
        body = json.dumps(document).encode()
        return self._post(service, region or self.region, body, kind, lambda answer: take(json.loads(answer.read())))

    def patiently(self, what: str, attempt: Callable[[], T]) -> T:
        """What it gives at last; RefusedError, which begins with `what`, where no other attempt would help or fit."""
        began, waits = time.monotonic(), pauses()
        while True:
            pause = next(waits)
            try:
                return attempt()
            except NONSENSE as error:
                refused = _refused(what, error)
                if refused.is_denied:
                    self.metadata.forget_keys()
                if self._is_final(refused, began) or time.monotonic() + pause > self.deadline:
                    raise refused from error
            time.sleep(pause)

    def _is_final(self, refused: RefusedError, began: float) -> bool:
        if refused.region:
            return True
        return not refused.may_pass and not (refused.is_denied and time.monotonic() <= began + self.new_role)

    def _post(self, service: str, region: str, body: bytes, headers: Mapping[str, str], take: Take) -> Any:
        place = f"{self._place(service, region)}/"
        return self._send(Question(service, "POST", place, region, body, headers), take)

    def _place(self, service: str, region: str) -> str:
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return (self.endpoint or f"https://{service}.{region}.{domain}").rstrip("/")

    def _send(self, question: Question, take: Take) -> Any:
        def attempt() -> Any:
            with self._open(question) as answer:
                return take(answer)

        return self.patiently(f"{question.service} {urlsplit(question.url).path}", attempt)

    def _open(self, question: Question) -> Answer:
        headers = signed(question, self.metadata.keys())
        limit = max(self.least, min(TIMEOUT, SHARE * (self.deadline - time.monotonic())))
        answer = request(question.method, question.url, self.names, body=question.body, headers=headers, limit=limit)
        if not 200 <= answer.status < 300:
            with answer:
                raise _NoError(answer)
        return answer


def signed(question: Question, keys: Keys, now: datetime | None = None) -> dict[str, str]:
    """Its headers with a signature of version 4:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""
    parts, stamp = urlsplit(question.url), (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(question.body).hexdigest()
    found = {**question.headers, "host": parts.netloc, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    if keys.token:
        found["x-amz-security-token"] = keys.token
    names, scope = ";".join(sorted(found)), f"{stamp[:8]}/{question.region}/{question.service}/aws4_request"
    lines = [question.method, parts.path, parts.query, *(f"{name}:{found[name]}" for name in sorted(found)), "", names]
    canonical = hashlib.sha256("\n".join([*lines, digest]).encode()).hexdigest()
    seal = _seal(keys.secret, scope, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{canonical}")
    credential = f"Credential={keys.access}/{scope}"
    return {**found, "authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={seal}"}


def _seal(secret: str, scope: str, text: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


def _refused(what: str, error: Exception) -> RefusedError:
    if not isinstance(error, _NoError):
        return RefusedError(what, str(error) or type(error).__name__)
    code = re.search(r"<Code>([^<]*)</Code>|\"__type\":\s*\"(?:[^\"#]*#)?([^\"]*)\"", error.text)
    said = re.search(r"<Message>([^<]*)</Message>|\"[mM]essage\":\s*\"([^\"]*)\"", error.text)
    words = [next(filter(None, found.groups()), "") for found in (code, said) if found]
    sent = error.region if code and code[1] in ELSEWHERE else ""
    return RefusedError(what, f"{error.status} {' '.join(words)}".strip(), error.status, words[0] if code else "", sent)


def _value(said: Any) -> str:
    return str(said["Parameter"]["Value"])
