"""RateLimit: how many requests one client may make."""

from __future__ import annotations

import math

from slackwater.settings._base import Settings
from slackwater.settings._fields import whole


class RateLimit(Settings):
    """Counted by each balancer for itself: two balancers let twice as many through. IPv6 is counted by /64."""

    per_minute: int = whole(
        100,
        "What a client may ask on the long run: people ask less, many an API client more.",
        unit="requests a minute",
        least=1,
    )
    burst: int = whole(50, "What it may ask at once beyond that: a page comes with its images.", unit="requests")

    @property
    def retry_after(self) -> int:
        """Seconds until one more request is let through."""
        return math.ceil(60 / self.per_minute)
