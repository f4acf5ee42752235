"""What the agent needs of the world beside the network: time, the boot, where it says what it does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

Log = Callable[[str], None]


class Clock:
    """The wall clock as it stood at the start, and the time that has passed since: nobody sets it meanwhile."""

    def __init__(self) -> None:
        self._begun = time.time() - time.monotonic()

    def __call__(self) -> float:
        return self._begun + time.monotonic()

    def behind(self) -> float:
        """Seconds by which the wall clock was put on since: what others have dated is theirs to be compared with."""
        return time.time() - self()


@dataclass(frozen=True)
class Surroundings:
    """`clock` is in seconds of the wall clock; `boot` tells one boot of the machine from the next.

    `behind` is what must be added to `clock` for the wall clock as it is now.
    """

    clock: Callable[[], float]
    boot: str
    log: Log
    behind: Callable[[], float] = lambda: 0.0
