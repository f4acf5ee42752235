"""A clock that a test turns."""

from __future__ import annotations


class Clock:
    """Seconds; it stands still until it is turned. `cloud(clock=Clock())`, then `Endpoint.cloud.turn(60)`."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def turn(self, seconds: float) -> None:
        self.seconds += seconds
