"""Connections: what the database gives, and what each worker may take of it."""

from __future__ import annotations

from collections.abc import Iterator

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import whole
from slackwater.settings.sizing import SLOTS


class Connections(Settings):
    """2 slots * workers * (pool + overflow) * the largest fleet + reserve must not exceed max_connections."""

    pool: int = whole(5, "Connections that each worker keeps.", unit="connections", least=0)
    overflow: int = whole(10, "How many more it may open for a while.", unit="connections")
    max_connections: int = whole(100, "The database's own limit.", unit="connections", least=1)
    reserve: int = whole(10, "For migrations, operators and everything else.", unit="connections")

    def needed(self, *, workers: int, instances: int) -> int:
        """Two slots run side by side during a release, on every instance at once in the worst case."""
        return SLOTS * workers * (self.pool + self.overflow) * instances + self.reserve

    def conflicts(self) -> Iterator[Fault]:
        if self.pool + self.overflow == 0:
            yield self.fault("pool", "must be at least 1 together with overflow: a worker would have no connection")
        if self.reserve >= self.max_connections:
            yield self.fault("reserve", f"must be less than max_connections ({self.max_connections})")
