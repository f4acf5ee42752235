"""One look after another: read, decide, carry out, and say how it stands. A read that fails changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from .. import sdk
from .launches import failed_in_a_row
from .look import Group, LookError, look
from .mark import Mark, State, mark_of, stamp
from .policy import PROCESS, Call, Rules, decide, lift

Log = Callable[[str], None]
CLOSED, FOREIGN, UNKNOWN = "closed", "suspended by somebody else", "unknown"


@dataclass(frozen=True)
class Seen:
    """How a group stands. `state` is closed, open, trial, tripping or lifting, or one of the words above.

    `failed` are launches in a row, `needed` trips it, 0 where no breaker is declared; times are UTC, ISO 8601; `done`
    are the calls of this look.
    """

    group: str
    at: str
    state: str
    needed: int
    failed: int = 0
    reason: str = ""
    owner: str = ""
    expires: str = ""
    suspended: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    error: str = ""

    @property
    def is_free(self) -> bool:
        """Launches are neither suspended nor on trial."""
        return self.state == CLOSED and not self.error

    @property
    def is_quiet(self) -> bool:
        """There is nothing to tell an operator of: launches are free, and no other process is suspended."""
        return self.is_free and not self.suspended

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        if self.error:
            who = "the breaker cannot tell, and changes nothing" if self.needed else "nobody can tell what is suspended"
            return f"{self.group}: {who}: {self.error}"
        others = [process for process in self.suspended if process != PROCESS]
        more = f"; also suspended, by somebody else: {', '.join(others)}" if others else ""
        return f"{self.group}: {self._launches()}{more}"

    def _launches(self) -> str:
        match self.state:
            case "closed":
                failed = f"; {self.failed} of {self.needed} in a row failed" if self.needed else ""
                return f"launches are free{failed}"
            case "trial":
                return f"on trial, the next launch decides; before: {self.reason}"
            case "open" | "tripping" | "lifting" if self.needed:
                return f"launches are suspended until {self.expires} by {self.owner}: {self.reason}"
            case "open" | "tripping" | "lifting":
                ends = "that breaker is no longer declared, and `slackwater apply` lifts it"
                return f"launches are suspended by {self.owner}: {self.reason}; {ends}"
        return f"launches are {self.state}, and left so"


@dataclass
class Watch:
    """`client` makes a boto3 client of Auto Scaling; after a failure a new one, and so new credentials."""

    rules: Rules
    client: Callable[[], Any]
    log: Log
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    looks: int = 0
    failures: int = 0
    seen: Seen | None = None
    _client: Any = field(default=None, repr=False)

    def look(self, *, lift_now: bool = False) -> Seen:
        """`lift_now` does at once what the expiry would do."""
        self.looks += 1
        before, done = self.seen, list[str]()
        try:
            self.seen = self._look(done, lift_now)
        except failures() as error:
            self.failures += 1
            self._client = None
            self.seen = self.unknown(str(error) or type(error).__name__, done)
        if before is None or (before.state, before.error) != (self.seen.state, self.seen.error):
            self.log(str(self.seen))
        return self.seen

    def _look(self, done: list[str], lift_now: bool) -> Seen:
        self._client = self._client or self.client()
        now = self.clock()
        group = look(self._client, self.rules.group, now)
        for call in self._wanted(group, now, lift_now):
            getattr(self._client, call.method)(**call.arguments)
            done.append(f"{call.method}: {call.reason}")
            self.log(f"{self.rules.group}: {done[-1]}")
        after = look(self._client, self.rules.group, now) if done else group
        return standing(self.rules, after, now, tuple(done))

    def _wanted(self, group: Group, now: datetime, lift_now: bool) -> list[Call]:
        calls = lift(group.tags, now, self.rules) if lift_now else []
        return calls or decide(group.launches, group.tags, group.suspended, now, self.rules)

    def unknown(self, error: str, done: Sequence[str] = ()) -> Seen:
        """What is said of a group that could not be read, or not changed."""
        words = " ".join(error.split())
        at = stamp(self.clock())
        return Seen(self.rules.group, at, UNKNOWN, self.rules.failures, done=tuple(done), error=words)


def standing(rules: Rules, group: Group, now: datetime, done: tuple[str, ...] = ()) -> Seen:
    """Of what was read; asks nobody."""
    mark, is_suspended = mark_of(group.tags), PROCESS in group.suspended
    said: dict[str, Any] = {} if mark is None else _said(mark)
    state = _state(mark, is_suspended)
    failed = len(failed_in_a_row(group.launches, now))
    suspended = tuple(sorted(group.suspended))
    return Seen(rules.group, stamp(now), state, rules.failures, failed, suspended=suspended, done=done, **said)


def _said(mark: Mark) -> dict[str, str]:
    return {"reason": mark.reason, "owner": mark.owner, "expires": stamp(mark.expires)}


def _state(mark: Mark | None, is_suspended: bool) -> str:
    if mark is None:
        return FOREIGN if is_suspended else CLOSED
    if mark.state is State.TRIAL and is_suspended:
        return FOREIGN
    return mark.state.value


def failures() -> tuple[type[Exception], ...]:
    """Of a look."""
    return (LookError, *sdk.failures())
