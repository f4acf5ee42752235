"""What both hooks share: the name, the heartbeat, and AWS's limit of all heartbeats together."""

from __future__ import annotations

from typing import Literal

from slackwater.settings._base import Settings

Result = Literal["CONTINUE", "ABANDON"]
LEAST_HEARTBEAT, MOST_HEARTBEAT = 30, 7200
# AWS ends a wait after 48 hours or 100 heartbeats' time, whichever is less, whatever the instance still says.
LONGEST_WAIT = 172800
HEARTBEATS = 100


class Hook(Settings):
    """`limit` is when AWS ends the wait although heartbeats still come."""

    name: str
    heartbeat: int

    @property
    def limit(self) -> int:
        """Seconds."""
        return min(LONGEST_WAIT, HEARTBEATS * self.heartbeat)
