"""Which hosts change in which order: pure, so that what is shown is what is done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from slackwater.errors import RolloutError


@dataclass(frozen=True)
class Batch:
    """Hosts that change at the same time; `what` names it for people: "canary", "batch 2 of 3"."""

    what: str
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Pace:
    """`canary` hosts go first, then `batch` at once: a number, or a share of all hosts such as "25%"."""

    canary: int = 1
    batch: str = "25%"

    def size(self, fleet: int) -> int:
        """At least one, so that a small fleet gets on; a share is rounded down, so that most of it stays as it is."""
        if self.batch.endswith("%"):
            return max(1, fleet * int(self.batch[:-1]) // 100)
        return int(self.batch)


def pace(canary: int, batch: str) -> Pace:
    """Raises RolloutError for what is neither a number nor a share."""
    share = re.fullmatch(r"([1-9][0-9]?|100)%", batch)
    if not share and not re.fullmatch(r"[1-9][0-9]{0,3}", batch):
        raise RolloutError(f"--batch {batch}: must be a number of hosts such as 2, or a share from 1% to 100%")
    if canary < 0:
        raise RolloutError(f"--canary {canary}: must be a number of hosts, 0 for none")
    return Pace(canary, batch)


def by_name(names: Iterable[str]) -> list[str]:
    """The one order of a fleet, the same in every run: numbers count as numbers, app-2 before app-10."""
    return sorted(names, key=lambda name: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)])


def batches(names: Sequence[str], fleet: int, speed: Pace) -> list[Batch]:
    """The hosts `names`, of a fleet of `fleet`, in their order."""
    ordered = by_name(names)
    canary, rest = ordered[: speed.canary], ordered[speed.canary :]
    size = speed.size(fleet)
    groups = [tuple(rest[start : start + size]) for start in range(0, len(rest), size)]
    later = [Batch(f"batch {number} of {len(groups)}", group) for number, group in enumerate(groups, 1)]
    return ([Batch("canary", tuple(canary))] if canary else []) + later
