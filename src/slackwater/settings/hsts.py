"""Hsts: how long a browser insists on HTTPS."""

from __future__ import annotations

from collections.abc import Iterator

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import switch, whole

PRELOAD_DAYS = 365


class Hsts(Settings):
    """A browser that has seen it once does not speak plain HTTP for `max_age` days: it cannot be taken back sooner."""

    max_age: int = whole(180, "How long the browser remembers it.", unit="days", least=0, most=3650)
    subdomains: bool = switch(
        False, "For all names below the domain too. Off: one of them that has no HTTPS could not be reached any more."
    )
    preload: bool = switch(False, "Agree to be built into browsers. Off: it takes months to get out of them again.")

    def conflicts(self) -> Iterator[Fault]:
        if self.preload and not (self.subdomains and self.max_age >= PRELOAD_DAYS):
            yield self.fault("preload", f"must have subdomains=True and max_age of at least {PRELOAD_DAYS} days")

    @property
    def value(self) -> str:
        """The header's value."""
        words = [f"max-age={self.max_age * 86400}"]
        words += ["includeSubDomains"] if self.subdomains else []
        words += ["preload"] if self.preload else []
        return "; ".join(words)
