"""What the policy knows of one backend."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..members import Member


class Verdict(StrEnum):
    """What the checks say, whatever becomes of it."""

    NEW = "new"
    UP = "up"
    DRAINING = "draining"
    DOWN = "down"


class State(StrEnum):
    """What becomes of it. `UP` and `HELD` get new requests, the others get none."""

    NEW = "new"
    UP = "up"
    HELD = "held"
    DRAINING = "draining"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Record:
    """`needed`: good answers in a row until it comes in for the first time; `good`, `bad`: in a row so far;
    `unheard`: in a row without an answer, `silent`: those of them to which nothing came at all.

    `admitted`: it has served since it is known. `left`: no source names it any more. `since`: when it last came into
    service; `changed`: when its state last changed, for `reason`. Times are seconds of the epoch.
    """

    member: Member
    needed: int
    verdict: Verdict = Verdict.NEW
    state: State = State.NEW
    good: int = 0
    bad: int = 0
    admitted: bool = False
    left: bool = False
    unheard: int = 0
    silent: int = 0
    answer: str = ""
    ready: bool | None = None
    ready_answer: str = ""
    since: float = 0.0
    changed: float = 0.0
    reason: str = ""

    @property
    def heard(self) -> bool:
        """Whether the last question was answered at all."""
        return not self.unheard

    @property
    def serves(self) -> bool:
        return self.state in (State.UP, State.HELD)

    @property
    def leaves(self) -> bool:
        """It has asked to go, or was told to: it finishes what it has."""
        return self.left or self.verdict is Verdict.DRAINING
