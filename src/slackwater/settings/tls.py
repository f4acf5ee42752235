"""Tls: where a host's certificate comes from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, InstanceOf

from slackwater.errors import SettingsError
from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import AS_TUPLE, choice, matching, switch, text
from slackwater.settings.secret import Secret

Kind = Literal["files", "self_signed", "certbot"]
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = rf"({LABEL}\.){{1,8}}{LABEL}"
DOMAIN_ALLOWED = "a domain such as 'shop.example.com', in lower case, without '*'"
Domain = Annotated[str, AfterValidator(matching(DOMAIN, DOMAIN_ALLOWED))]
EMAIL = r"^[^@\s,']+@[^@\s,']+\.[^@\s,']+$"
ACME = r"^https://[A-Za-z0-9._~:/?=&%\[\]-]+$"
FOLDER = "/etc/nginx/slackwater/tls"


class Tls(Settings):
    """Made by `Tls.files(…)`, `Tls.self_signed()` or `Tls.certbot(…)`."""

    kind: Kind = choice(..., "Where the certificate comes from.", ("files", "self_signed", "certbot"))
    certificate: str = text("", "The chain in PEM, own certificate first.", allowed="a file of the project")
    key: InstanceOf[Secret] | None = text(
        None, "Its private key in PEM.", allowed="Secret.environment(…) or Secret.file(…)"
    )
    stapling: bool = switch(True, "Staple OCSP answers where the certificate offers them.")
    domains: Annotated[tuple[Domain, ...], AS_TUPLE] = text(
        (), "The names it is for.", allowed=f"a list of domains, each {DOMAIN_ALLOWED}"
    )
    email: str | None = text(
        None,
        "Where the authority writes to when something is wrong.",
        pattern=EMAIL,
        allowed="an address such as 'ops@example.com'",
    )
    server: str | None = text(
        None,
        "Another authority's ACME directory; None is Let's Encrypt.",
        pattern=ACME,
        allowed="an https:// address",
    )

    @classmethod
    def files(cls, *, certificate: str, key: Secret, stapling: bool = True) -> Tls:
        """A chain in PEM from a file of the project, and its key from outside of it. `stapling` sends OCSP answers."""
        return cls(kind="files", certificate=certificate, key=key, stapling=stapling)

    @classmethod
    def self_signed(cls, *, domains: Sequence[str] = ()) -> Tls:
        """Made on the host once and kept; no browser trusts it. The host's name and address are always in it."""
        return cls(kind="self_signed", domains=cast("tuple[str, ...]", domains), stapling=False)

    @classmethod
    def certbot(cls, *, email: str, domains: Sequence[str], server: str | None = None) -> Tls:
        """Fetched and renewed by certbot; self-signed until the first one is there."""
        domains = cast("tuple[str, ...]", domains)
        return cls(kind="certbot", email=email, domains=domains, server=server, stapling=False)

    def conflicts(self) -> Iterator[Fault]:
        if self.kind == "files" and not self.certificate.strip():
            yield self.fault("certificate", "must be the path of a file")
        if self.kind == "files" and self.key is None:
            yield self.fault("key", "must be Secret.environment(…) or Secret.file(…)")
        if self.kind == "certbot" and not self.domains:
            yield self.fault("domains", "must name at least one domain: that is what the certificate is for")
        if self.kind == "certbot" and self.email is None:
            yield self.fault("email", "must be an address such as 'ops@example.com'")

    def path(self, owner: str) -> str:
        """The one file on the host with chain and key; given files are kept by `owner`, the role that serves them."""
        return f"{FOLDER}/{owner if self.kind == 'files' else self.kind.replace('_', '-')}.pem"

    def read_certificate(self, project: Path | None = None) -> str:
        """The chain of `Tls.files`, now. SettingsError names the file."""
        try:
            chain = ((project or Path.cwd()) / self.certificate).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(self.fault("certificate", CERTIFICATE_ALLOWED).message) from error
        if "-----BEGIN CERTIFICATE-----" not in chain:
            raise SettingsError(self.fault("certificate", CERTIFICATE_ALLOWED).message)
        return chain.rstrip("\n") + "\n"

    def bundle(self, project: Path | None = None) -> str:
        """Chain and key as one text: one file is replaced by one rename, so the two never belong to different days."""
        key = self.key.read(project) if self.key else ""
        return self.read_certificate(project) + key.rstrip("\n") + "\n"

    def fingerprint(self, project: Path | None = None) -> str:
        """Changes with the certificate, so that what names it in its text is read again."""
        chain = self.read_certificate(project) if self.kind == "files" else self.kind
        return hashlib.sha256(chain.encode()).hexdigest()[:16]


CERTIFICATE_ALLOWED = "must be a readable file of certificates in PEM"
