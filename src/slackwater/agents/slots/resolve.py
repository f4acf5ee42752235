"""Secrets of AWS, resolved on the instance with its own role: SSM parameters and the Secrets Manager's secrets.

It also runs by itself, from standard input, on a host that has nothing of ours yet: hence one file and no import of
its neighbours. It then prints which version of each secret is the current one, never a value.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
INSTANCE = Path("/etc/slackwater/instance.json")
METADATA = "http://169.254.169.254"
METADATA_TIMEOUT = 2
"""Seconds: the metadata service answers at once, and on a machine outside of EC2 nobody ever does."""
METADATA_PATIENCE = 10
"""Seconds: at a boot the network comes up later than we do; a machine that hears nothing is none of EC2's."""
REQUEST_TIMEOUT = 5
"""Seconds for one answer of AWS: a connection that hangs must leave time for another."""
PATIENCE = 30
"""Seconds for all attempts of one secret: a converge must end in a sentence, and a boot must not wait for AWS."""
ACTIONS = {"ssm": "ssm:GetParameter", "secrets_manager": "secretsmanager:GetSecretValue"}
SERVICES = {
    "ssm": ("ssm", "AmazonSSM.GetParameter"),
    "secrets_manager": ("secretsmanager", "secretsmanager.GetSecretValue"),
}
_ABSENT = "it does not exist; create it, or correct its name in App.secrets"
_KEY = "its key cannot be used; the role {role} needs kms:Decrypt on it"
_CLOCK = "AWS does not take the signature ({code}); look at this host's clock"
SENTENCES = {
    "ParameterNotFound": _ABSENT,
    "ResourceNotFoundException": _ABSENT,
    "ParameterVersionNotFound": "there is no such version of it",
    **dict.fromkeys(("DecryptionFailure", "InvalidKeyId", "KMSAccessDeniedException"), _KEY),
    **dict.fromkeys(("SignatureDoesNotMatch", "InvalidSignatureException", "ExpiredTokenException"), _CLOCK),
}
PASSING = {"ThrottlingException", "TooManyUpdates", "InternalServerError", "InternalServiceError", "InternalFailure"}


class SecretError(Exception):
    """Names the secret and what is missing, never a value."""


class _PassingError(Exception):
    """Worth another attempt."""


@dataclass(frozen=True)
class Role:
    """Whose credentials these are; they last for hours, longer than any use of this."""

    name: str
    region: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True)
class Resolved:
    """`version` changes whenever the value does, and tells nothing about it."""

    version: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class Call:
    """One POST to AWS."""

    service: str
    region: str
    url: str
    target: str
    body: bytes


Answers = dict[tuple[Any, ...], dict[str, Any]]
NONSENSE = (LookupError, TypeError, ValueError, AttributeError)
"""What an answer of another shape than AWS's raises, wherever it is taken apart."""


def resolve(wanted: dict[str, dict[str, Any]], patience: float = PATIENCE) -> dict[str, Resolved]:
    """All of them, or SecretError. `wanted` holds for each variable kind, location, key, version and region."""
    role, answers = _patiently(_role, min(patience, METADATA_PATIENCE), ""), Answers()
    return {name: _resolved(reference, role, answers, patience) for name, reference in sorted(wanted.items())}


def _resolved(reference: dict[str, Any], role: Role, answers: Answers, patience: float) -> Resolved:
    """Several values of one secret are one question."""
    asked = tuple(reference.get(name) for name in ("kind", "location", "version", "region"))
    if asked not in answers:
        failed = f"{_what(reference)} could not be read for {patience:g} s: "
        answers[asked] = _patiently(lambda: _ask(reference, role), patience, failed)
    try:
        version, value = _taken(reference, answers[asked])
    except NONSENSE:
        raise SecretError(f"{_what(reference)}: what answers is not AWS") from None
    return Resolved(version, _checked(reference, value))


def _taken(reference: dict[str, Any], answer: dict[str, Any]) -> tuple[str, str]:
    """Version and value."""
    if reference["kind"] == "ssm":
        parameter = answer["Parameter"]
        return f"{parameter['Version']}@{parameter.get('LastModifiedDate')}", parameter["Value"]
    return f"{answer['VersionId']}@{answer.get('CreatedDate')}", _part(reference, answer.get("SecretString"))


def _part(reference: dict[str, Any], text: str | None) -> str:
    if text is None:
        raise SecretError(f"{_what(reference)} is binary: only text can be an environment variable")
    if reference.get("key") is None:
        return text
    try:
        value = json.loads(text)[reference["key"]]
    except (ValueError, TypeError, LookupError):
        raise SecretError(f"{_what(reference)} is no JSON object with the key {reference['key']!r}") from None
    return value if isinstance(value, str) else json.dumps(value)


def _checked(reference: dict[str, Any], value: str) -> str:
    if "\0" in value:
        raise SecretError(f"{_what(reference)} holds a zero byte, which no environment variable can")
    return value


def _what(reference: dict[str, Any]) -> str:
    kind = "SSM parameter" if reference["kind"] == "ssm" else "secret"
    version = f" (version {reference['version']})" if reference.get("version") else ""
    return f"{kind} {reference['location']}{version}"


def _patiently(ask: Callable[[], T], patience: float, failed: str) -> T:
    """A fleet that starts at once is throttled: pauses grow, and no two hosts have the same."""
    deadline, pause = time.monotonic() + patience, 0.25
    while True:
        try:
            return ask()
        except _PassingError as error:
            if time.monotonic() + pause > deadline:
                raise SecretError(f"{failed}{error}") from error
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads hosts, protects nothing
        pause *= 2


def _ask(reference: dict[str, Any], role: Role) -> dict[str, Any]:
    service, target = SERVICES[reference["kind"]]
    region = reference.get("region") or _region_of(reference["location"]) or role.region
    call = Call(service, region, _endpoint(service, region), target, json.dumps(_question(reference)).encode())
    request = urllib.request.Request(call.url, call.body, signed(role, call))  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT) as answer:  # noqa: S310
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        raise _refusal(reference, role, region, error) from None
    except (OSError, http.client.HTTPException, *NONSENSE) as error:
        raise _PassingError(f"{call.url} does not answer ({type(error).__name__})") from None


def _question(reference: dict[str, Any]) -> dict[str, Any]:
    if reference["kind"] == "secrets_manager":
        return {"SecretId": reference["location"]}
    version = f":{reference['version']}" if reference.get("version") else ""
    return {"Name": f"{reference['location']}{version}", "WithDecryption": True}


def _region_of(location: str) -> str:
    return location.split(":")[3] if location.startswith("arn:") else ""


def _refusal(reference: dict[str, Any], role: Role, region: str, error: urllib.error.HTTPError) -> Exception:
    """AWS's word as a sentence; its own text is left out, for it is not ours to vouch for."""
    code, what = _code(error), f"{_what(reference)} in {region}"
    if code in PASSING or error.code >= 500:
        return _PassingError(f"AWS says {code or error.code}")
    if code.startswith("AccessDenied"):
        lacks = f"{ACTIONS[reference['kind']]} on it, and kms:Decrypt if it has a key of its own"
        return SecretError(f"{what}: the role {role.name} may not read it; it needs {lacks}")
    why = SENTENCES.get(code, "AWS refuses with {code}")
    return SecretError(f"{what}: {why.format(role=role.name, code=code or error.code)}")


def _code(error: urllib.error.HTTPError) -> str:
    try:
        said = json.load(error)
        return str(said.get("__type") or said.get("code") or "").rpartition("#")[2]
    except (OSError, http.client.HTTPException, *NONSENSE):
        return ""


def _endpoint(service: str, region: str) -> str:
    told = json.loads(INSTANCE.read_text()) if INSTANCE.exists() else {}
    own = os.environ.get("AWS_ENDPOINT_URL") or told.get("endpoint")
    ending = ".cn" if region.startswith("cn-") else ""
    return f"{own.rstrip('/')}/" if own else f"https://{service}.{region}.amazonaws.com{ending}/"


def signed(role: Role, call: Call) -> dict[str, str]:
    """Signature version 4, of the headers of one POST:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "host": call.url.split("/")[2],
        "x-amz-date": moment,
        "x-amz-security-token": role.token,
        "x-amz-target": call.target,
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(call.body).hexdigest()}"
    scope = f"{moment[:8]}/{call.region}/{call.service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{role.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"AWS4-HMAC-SHA256 Credential={role.key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": credential}


def _role() -> Role:
    """From the metadata service, version 2. Raises SecretError where the instance has no role."""
    base = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", METADATA).rstrip("/") + "/latest"
    token = _metadata(f"{base}/api/token", "PUT", **{"X-aws-ec2-metadata-token-ttl-seconds": "60"})
    known = {"X-aws-ec2-metadata-token": token}
    place = f"{base}/meta-data/iam/security-credentials/"
    name = _metadata(place, **known).split("\n")[0].strip()
    region = _metadata(f"{base}/meta-data/placement/region", **known).strip()
    return _given(name, region, _metadata(place + name, **known))


def _given(name: str, region: str, text: str) -> Role:
    """The service answers 200 for a role that cannot be assumed, too; one that was made a moment ago soon can."""
    try:
        said = json.loads(text)
        if said.get("Code", "Success") != "Success":
            raise _PassingError(f"the role {name} gives this instance no credentials ({said['Code']})")
        return Role(name, region, said["AccessKeyId"], said["SecretAccessKey"], said["Token"])
    except NONSENSE:
        raise _PassingError(f"the instance's metadata service gives no credentials of the role {name}") from None


def _metadata(url: str, method: str = "GET", **headers: str) -> str:
    """Past every proxy: the address is the machine's own."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310
    try:
        with opener.open(request, timeout=METADATA_TIMEOUT) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise SecretError(
                "this instance has no role: give it an instance profile that may read its secrets"
            ) from None
        kind = _PassingError if error.code == 429 or error.code >= 500 else SecretError
        raise kind(f"the instance's metadata service answers with {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError):
        raise _PassingError(
            "the instance's metadata service does not answer: secrets of AWS are resolved on EC2 instances with a role"
        ) from None


def take_up_proxies(file: Path = Path("/etc/environment")) -> None:
    """A login would have them; sudo and systemd forget them."""
    lines = file.read_text().splitlines() if file.exists() else []
    pairs = [line.strip().removeprefix("export ").split("=", 1) for line in lines if "=" in line]
    for name, value in pairs:
        if name.strip().lower().endswith("_proxy"):
            os.environ.setdefault(name.strip(), value.strip().strip("\"'"))


def main() -> None:
    """`resolve.py JSON` prints {"versions": {NAME: VERSION}}, or {"fault": sentence}: the caller shows either."""
    take_up_proxies()
    try:
        found = resolve(json.loads(sys.argv[1]))
        print(json.dumps({"versions": {name: one.version for name, one in found.items()}}))
    except SecretError as error:
        print(json.dumps({"fault": str(error)}))


if __name__ == "__main__":
    main()
