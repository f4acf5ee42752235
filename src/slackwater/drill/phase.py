"""A part of a drill: how long it took, what was sent and lost meanwhile, and figures of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from slackwater.drill.died import Died

Snapshot = tuple[int, dict[str, int], int]
"""Requests sent, lost by kind, WebSockets cut; each so far."""
CRASH = "crash"


@dataclass
class Phase:
    """Moments are seconds from the drill's beginning; so are `figures`, unless their name says otherwise."""

    name: str
    began: float
    ended: float | None = None
    sent: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    cut: int = 0
    figures: dict[str, Any] = field(default_factory=dict)
    died: Died = field(default_factory=Died)

    @property
    def seconds(self) -> float:
        return (self.ended if self.ended is not None else self.began) - self.began

    @property
    def excused(self) -> int:
        """POSTs that no library can keep: those that a machine was carrying out when it died, and no more than were
        lost. One that a living host spoilt meanwhile is not among them."""
        return min(self.died.posts, sum(n for kind, n in self.lost.items() if kind.startswith("POST")))

    @property
    def excused_cuts(self) -> int:
        return min(self.died.websockets, self.cut)

    @property
    def words(self) -> str:
        """Of its figures, for people."""
        return "".join(f", {name} {value}" for name, value in self.figures.items())

    def close(self, ended: float, before: Snapshot, after: Snapshot) -> None:
        self.ended, self.sent, self.cut = ended, after[0] - before[0], after[2] - before[2]
        self.lost = {kind: n - before[1].get(kind, 0) for kind, n in after[1].items() if n > before[1].get(kind, 0)}

    def document(self) -> dict[str, Any]:
        told = {"name": self.name, "began": round(self.began, 1), "seconds": round(self.seconds, 1), "sent": self.sent}
        lost, excused = sum(self.lost.values()), self.excused
        return {**told, "lost": lost - excused, "lost_with_a_crashed_host": excused, "figures": self.figures}
