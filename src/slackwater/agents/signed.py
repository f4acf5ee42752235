"""AWS by plain HTTP: the instance's own metadata, by IMDSv2 only, and requests signed with its role's credentials."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

METADATA = "http://169.254.169.254"
TOKEN, TTL = "X-aws-ec2-metadata-token", "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN_LIFE = 21600
"""Seconds, the most that there is: a boot is over long before, and no token runs out in the middle of it."""
METADATA_TIMEOUT = 5
"""Seconds: the metadata service answers in milliseconds or, while the network comes up, not at all."""
TIMEOUT = 20
"""Seconds without a byte: a connection that broke without a word would hold the boot until its deadline."""
LEAST_TIMEOUT = 5.0
"""Seconds for a last attempt, however late it is: none at all would be no attempt."""
PAUSE, LONGEST_PAUSE = 0.5, 10.0
"""Seconds between attempts, doubled each time: a throttled API is asked less, a lost network is found again soon."""
NEW_ROLE = 60.0
"""Seconds for which "denied" is not believed: a role that was made a moment ago is not known everywhere yet."""
RENEW = 300.0
"""Seconds after which credentials are asked for anew: the metadata service replaces them well before they expire."""
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


class _Stay(urllib.request.HTTPRedirectHandler):
    """A request is signed for one host: another must not see it."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Metadata:
    """A token that ran out is renewed once; tokens are never sent through a proxy."""

    def __init__(self, address: str | None = None) -> None:
        self.address = (address or os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or METADATA).rstrip("/")
        self._direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._token = ""

    def get(self, path: str) -> str | None:
        """None where there is no such thing. OSError when the service cannot be reached."""
        for _ in range(2):
            try:
                self._token = self._token or self._ask("PUT", "/latest/api/token", {TTL: str(TOKEN_LIFE)})
                return self._ask("GET", f"/latest/meta-data/{path}", {TOKEN: self._token})
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return None
                if error.code != 401:
                    raise
                self._token = ""
        raise OSError(f"the metadata service at {self.address} takes no token")

    def instance(self) -> str:
        """Waits: the network may come up later than we."""
        while True:
            with suppress(OSError):
                if found := self.get("instance-id"):
                    return found
            time.sleep(PAUSE)

    def _ask(self, method: str, path: str, headers: dict[str, str]) -> str:
        request = urllib.request.Request(self.address + path, method=method, headers=headers)  # noqa: S310 - ours
        try:
            with self._direct.open(request, timeout=METADATA_TIMEOUT) as answer:
                return str(answer.read().decode())
        except (http.client.HTTPException, ValueError) as error:
            raise OSError(f"the metadata service at {self.address} broke off") from error


@dataclass
class Aws:
    """`deadline` is on time.monotonic(): until then whatever may pass is tried again. `endpoint` replaces AWS's own."""

    metadata: Metadata
    region: str
    endpoint: str | None
    deadline: float
    _keys: dict[str, str] = field(default_factory=dict)
    _read: float = float("-inf")
    _homes: dict[str, str] = field(default_factory=dict)

    def within(self, seconds: float) -> Aws:
        """The same, with less time."""
        return replace(self, deadline=min(self.deadline, time.monotonic() + seconds))

    def object(self, url: str, method: str = "GET", body: bytes = b"", take: Take = Answer.read) -> Any:
        """`url` is s3://bucket/key; `take` reads the answer, and is called again when it broke off."""
        bucket, _, key = url.removeprefix("s3://").partition("/")
        # Without a kind of our own urllib would call it a form, and a form is not stored as it came.
        kind = {"content-type": "application/octet-stream"} if body else {}
        home = self._homes.get(bucket, self.region)
        place = f"{self._place('s3', home)}/{bucket}/{quote(key, safe='/~')}"
        try:
            return self._patiently(Question("s3", method, place, home, body, kind), take)
        except RefusedError as error:
            if not error.region or bucket in self._homes:
                raise
            self._homes[bucket] = error.region
        return self.object(url, method, body, take)

    def scaling(self, action: str, **arguments: str) -> str:
        body = urlencode({"Action": action, "Version": "2011-01-01", **arguments}).encode()
        kind = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        return str(self._ask("autoscaling", body, kind, lambda answer: answer.read().decode()))

    def parameter(self, name: str) -> str:
        """A parameter of SSM."""
        kind = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "AmazonSSM.GetParameter"}
        body = json.dumps({"Name": name}).encode()
        return str(self._ask("ssm", body, kind, lambda answer: json.loads(answer.read())["Parameter"]["Value"]))

    def _ask(self, service: str, body: bytes, headers: Mapping[str, str], take: Take) -> Any:
        place = f"{self._place(service, self.region)}/"
        return self._patiently(Question(service, "POST", place, self.region, body, headers), take)

    def _place(self, service: str, region: str) -> str:
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return (self.endpoint or f"https://{service}.{region}.{domain}").rstrip("/")

    def _patiently(self, question: Question, take: Take) -> Any:
        began, pause = time.monotonic(), PAUSE
        while True:
            try:
                with self._open(question) as answer:
                    return take(answer)
            except NONSENSE as error:
                refused = _refused(f"{question.service} {urlsplit(question.url).path}", error)
                if _is_denied(refused):
                    self._read = float("-inf")
                if _is_final(refused, began) or time.monotonic() + pause > self.deadline:
                    raise refused from error
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _open(self, question: Question) -> Answer:
        headers = signed(question, self._credentials())
        limit = max(LEAST_TIMEOUT, min(TIMEOUT, self.deadline - time.monotonic()))
        url, method = question.url, question.method
        request = urllib.request.Request(url, question.body or None, headers, method=method)  # noqa: S310 - http or https
        answer: Answer = urllib.request.build_opener(_Stay).open(request, timeout=limit)
        return answer

    def _credentials(self) -> dict[str, str]:
        """None are kept that are none: the service answers 200 for a role that cannot be assumed, too."""
        if time.monotonic() > self._read + RENEW:
            role = (self.metadata.get("iam/security-credentials/") or "").strip()
            text = self.metadata.get(f"iam/security-credentials/{role}") if role else None
            if text is None:
                raise LookupError("the instance has no role: its launch template must name an instance profile")
            said = json.loads(text)
            if not (said.get("AccessKeyId") and said.get("SecretAccessKey")):
                raise LookupError(f"the instance's role {role} gives no credentials: {said.get('Code')}")
            self._keys, self._read = said, time.monotonic()
        return self._keys


def signed(question: Question, keys: Mapping[str, str], now: datetime | None = None) -> dict[str, str]:
    """Its headers with a signature of version 4; `keys` as the metadata service writes them."""
    parts, stamp = urlsplit(question.url), (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(question.body).hexdigest()
    found = {**question.headers, "host": parts.netloc, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    if keys.get("Token"):
        found["x-amz-security-token"] = keys["Token"]
    names, scope = ";".join(sorted(found)), f"{stamp[:8]}/{question.region}/{question.service}/aws4_request"
    lines = [question.method, parts.path, parts.query, *(f"{name}:{found[name]}" for name in sorted(found)), "", names]
    canonical = hashlib.sha256("\n".join([*lines, digest]).encode()).hexdigest()
    seal = _seal(keys["SecretAccessKey"], scope, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{canonical}")
    credential = f"Credential={keys['AccessKeyId']}/{scope}"
    return {**found, "authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={seal}"}


def _seal(secret: str, scope: str, text: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


def _refused(what: str, error: Exception) -> RefusedError:
    if not isinstance(error, urllib.error.HTTPError):
        return RefusedError(what, str(error) or type(error).__name__)
    text = ""
    with suppress(OSError, http.client.HTTPException):
        text = error.read(4000).decode(errors="replace")
    code = re.search(r"<Code>([^<]*)</Code>|\"__type\":\s*\"(?:[^\"#]*#)?([^\"]*)\"", text)
    said = re.search(r"<Message>([^<]*)</Message>|\"[mM]essage\":\s*\"([^\"]*)\"", text)
    words = [next(filter(None, found.groups()), "") for found in (code, said) if found]
    region = error.headers.get("x-amz-bucket-region") or ""
    sent = region if code and code[1] in ELSEWHERE else ""
    return RefusedError(what, f"{error.code} {' '.join(words)}".strip(), error.code, words[0] if code else "", sent)


def _is_denied(refused: RefusedError) -> bool:
    return refused.status in {401, 403} or DENIED.search(refused.code) is not None


def _is_final(refused: RefusedError, began: float) -> bool:
    if refused.region:
        return True
    if refused.status in PASSING or not refused.status or THROTTLED.search(refused.code):
        return False
    return not _is_denied(refused) or time.monotonic() > began + NEW_ROLE
