"""Maintenance: how far the group may shrink or grow while instances are replaced."""

from __future__ import annotations

from collections.abc import Iterator

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import whole

WIDEST = 100


class Maintenance(Settings):
    """With the defaults the new instance is in service before the old one leaves."""

    minimum_healthy: int = whole(100, "So much of the desired size stays in service.", unit="percent", most=100)
    maximum_healthy: int = whole(
        110, "So much may be there at once; at least one instance more.", unit="percent", least=100, most=200
    )

    def conflicts(self) -> Iterator[Fault]:
        if self.maximum_healthy - self.minimum_healthy > WIDEST:
            yield self.fault(
                "maximum_healthy", f"must be at most minimum_healthy + {WIDEST} ({self.minimum_healthy + WIDEST})"
            )
