"""The time of day by the cloud's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Times:
    """It begins with the machine's own, and goes on as the clock does."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self._wall, self._began = clock, datetime.now(UTC), clock()

    def moment(self) -> datetime:
        return self._wall + timedelta(seconds=self.clock() - self._began)
