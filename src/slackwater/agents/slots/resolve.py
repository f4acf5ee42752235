"""Secrets of AWS, resolved on the instance with its own role: SSM parameters and the Secrets Manager's secrets.

It is also sent, with what it imports, to a host that has nothing of ours yet: there it prints which version of each
secret is the current one, never a value.
"""

from __future__ import annotations

import json
import math
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..metadata import Metadata, NoRoleError
from ..signed import NONSENSE, Aws, RefusedError

INSTANCE = Path("/etc/slackwater/instance.json")
METADATA_PATIENCE = 10
"""Seconds: at a boot the network comes up later than we do; a machine that hears nothing is none of EC2's."""
PATIENCE = 30
"""Seconds for all attempts of one secret: a converge must end in a sentence, and a boot must not wait for AWS."""
ACTIONS = {"ssm": "ssm:GetParameter", "secrets_manager": "secretsmanager:GetSecretValue"}
SERVICES = {
    "ssm": ("ssm", "AmazonSSM.GetParameter"),
    "secrets_manager": ("secretsmanager", "secretsmanager.GetSecretValue"),
}
OUTSIDE = "secrets of AWS are resolved on EC2 instances with a role"
NO_ROLE = "this instance has no role: give it an instance profile that may read its secrets"
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


class SecretError(Exception):
    """Names the secret and what is missing, never a value."""


@dataclass(frozen=True)
class Resolved:
    """`version` changes whenever the value does, and tells nothing about it."""

    version: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class _Asking:
    """Whose role asks, and what was answered before: several values of one secret are one question."""

    aws: Aws
    role: str
    patience: float
    answers: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict, repr=False)

    def resolved(self, reference: dict[str, Any]) -> Resolved:
        asked = tuple(reference.get(name) for name in ("kind", "location", "version", "region"))
        if asked not in self.answers:
            self.answers[asked] = self._answer(reference)
        try:
            version, value = _taken(reference, self.answers[asked])
        except NONSENSE:
            raise SecretError(f"{_what(reference)}: what answers is not AWS") from None
        return Resolved(version, _checked(reference, value))

    def _answer(self, reference: dict[str, Any]) -> dict[str, Any]:
        service, target = SERVICES[reference["kind"]]
        region = reference.get("region") or _region_of(reference["location"]) or self.aws.region
        try:
            return dict(self.aws.within(self.patience).call(service, target, _question(reference), region))
        except RefusedError as error:
            raise SecretError(f"{_what(reference)} in {region}{self._why(reference, error)}") from None

    def _why(self, reference: dict[str, Any], refused: RefusedError) -> str:
        """AWS's word as a sentence; its own text is left out, for it is not ours to vouch for."""
        code = refused.code or str(refused.status)
        if refused.may_pass and code not in SENTENCES:
            said = f"AWS says {code}" if refused.status else f"no answer ({type(refused.__cause__).__name__})"
            return f" could not be read for {self.patience:g} s: {said}"
        lacks = f"{ACTIONS[reference['kind']]} on it, and kms:Decrypt if it has a key of its own"
        denied = f"the role {{role}} may not read it; it needs {lacks}"
        why = denied if code.startswith("AccessDenied") else SENTENCES.get(code, "AWS refuses with {code}")
        return f": {why.format(role=self.role, code=code)}"


def resolve(wanted: dict[str, dict[str, Any]], patience: float = PATIENCE) -> dict[str, Resolved]:
    """All of them, or SecretError. `wanted` holds for each variable kind, location, key, version and region."""
    aws = Aws(Metadata(), "", _endpoint(), math.inf, new_role=0)
    role, aws.region = _identity(aws.within(min(patience, METADATA_PATIENCE)))
    asking = _Asking(aws, role, patience)
    return {name: asking.resolved(reference) for name, reference in sorted(wanted.items())}


def _identity(aws: Aws) -> tuple[str, str]:
    """Role and region."""

    def attempt() -> tuple[str, str]:
        try:
            role, region = aws.metadata.keys().role, aws.metadata.get("placement/region")
        except NoRoleError:
            raise SecretError(NO_ROLE) from None
        if not region:
            raise LookupError("the instance's metadata name no region")
        return role, region.strip()

    try:
        return aws.patiently(OUTSIDE, attempt)
    except RefusedError as error:
        raise SecretError(str(error)) from None


def _endpoint() -> str | None:
    """Another address than AWS's own."""
    told = json.loads(INSTANCE.read_text()) if INSTANCE.exists() else {}
    return os.environ.get("AWS_ENDPOINT_URL") or told.get("endpoint")


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


def _question(reference: dict[str, Any]) -> dict[str, Any]:
    if reference["kind"] == "secrets_manager":
        return {"SecretId": reference["location"]}
    version = f":{reference['version']}" if reference.get("version") else ""
    return {"Name": f"{reference['location']}{version}", "WithDecryption": True}


def _region_of(location: str) -> str:
    return location.split(":")[3] if location.startswith("arn:") else ""


def take_up_proxies(file: Path = Path("/etc/environment")) -> None:
    """A login would have them; sudo and systemd forget them."""
    lines = file.read_text().splitlines() if file.exists() else []
    pairs = [line.strip().removeprefix("export ").split("=", 1) for line in lines if "=" in line]
    for name, value in pairs:
        if name.strip().lower().endswith("_proxy"):
            os.environ.setdefault(name.strip(), value.strip().strip("\"'"))


def main() -> None:
    """`python3 -I - JSON` prints {"versions": {NAME: VERSION}}, or {"fault": sentence}: the caller shows either."""
    take_up_proxies()
    try:
        found = resolve(json.loads(sys.argv[1]))
        print(json.dumps({"versions": {name: one.version for name, one in found.items()}}))
    except SecretError as error:
        print(json.dumps({"fault": str(error)}))
