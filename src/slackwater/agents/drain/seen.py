"""What the agent sees of the world, as far as the leave must know it; whatever is unknown is None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .causes import Notice


class Gate(StrEnum):
    """What the host's own nginx answers on its health route; a nginx that is absent lets nobody in."""

    OPEN = "open"
    CLOSED = "closed"
    ABSENT = "absent"


@dataclass(frozen=True)
class Look:
    """Requests in flight, when that was counted."""

    at: float
    in_flight: int


@dataclass(frozen=True)
class Seen:
    """`notices` has each cause that could be read, with None where it does not stand; one that is missing is unknown.

    `unaware` are balancers that have not fetched the closed gate yet, `listening` is since when they are heard. `off`
    is since when no target group sends, `groups` are those that the instance is to leave by itself, `back` those that
    it is in again. `app` and `workers` are the units that run or still stop, `running` those of both that neither start
    nor stop; `failed` are workers that have ended and not as they should; `wanted` are those that are to run again,
    `starting` is since when systemd has their start.
    `hooked` is which leave's hooks have run, `completed` what became of the lifecycle action, empty while nothing
    did.
    """

    notices: Mapping[str, Notice | None] = field(default_factory=dict)
    gate: Gate | None = None
    unaware: frozenset[str] = frozenset()
    listening: float | None = None
    off: float | None = None
    groups: frozenset[str] = frozenset()
    back: frozenset[str] = frozenset()
    look: Look | None = None
    app: frozenset[str] | None = None
    workers: frozenset[str] | None = None
    running: frozenset[str] | None = None
    failed: frozenset[str] | None = None
    wanted: frozenset[str] | None = None
    starting: float | None = None
    hooked: float | None = None
    completed: str = ""
