"""BackendTls: how the balancer checks whom it speaks TLS with."""

from __future__ import annotations

from collections.abc import Iterator

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import text
from slackwater.settings.tls import DOMAIN, DOMAIN_ALLOWED


class BackendTls(Settings):
    """The app hosts must speak it: `App(nginx=Nginx(tls=Tls.self_signed()))`, or files that a CA has signed."""

    ca: str | None = text(
        None,
        "Who must have signed the app hosts' certificates, in PEM. None encrypts without checking who answers.",
        allowed="a file of the project",
    )
    name: str | None = text(
        None,
        "The name that all app hosts' certificates bear; needed with `ca`.",
        pattern=f"^{DOMAIN}$",
        allowed=DOMAIN_ALLOWED,
    )

    def conflicts(self) -> Iterator[Fault]:
        if self.ca is not None and self.name is None:
            yield self.fault("name", f"must be {DOMAIN_ALLOWED}: without a name any certificate of that CA would do")
