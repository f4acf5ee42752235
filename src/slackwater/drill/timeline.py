"""What happened when: the lifecycle states of the instances, and what was sent and lost each second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

PAUSE = 0.1
"""Seconds between two looks; states are known no finer than this."""
GONE = "gone"


@dataclass
class Span:
    """One instance in one state; moments are seconds from the beginning, `ended` is None while it lasts."""

    instance: str
    state: str
    began: float
    ended: float | None = None


@dataclass(frozen=True)
class Count:
    """Requests so far, at a moment."""

    at: float
    sent: int
    lost: int


@dataclass
class Timeline:
    """`look` gives each instance's state, `count` what was sent and lost so far; `hear` is told of each change."""

    look: Callable[[], Mapping[str, str]]
    count: Callable[[], tuple[int, int]]
    hear: Callable[[str, str], None]
    clock: Callable[[], float] = time.monotonic
    spans: list[Span] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.began = self.clock()
        self._last: dict[str, Span] = {}

    @property
    def now(self) -> float:
        return self.clock() - self.began

    def tick(self) -> None:
        now, there = self.now, dict(self.look())
        for instance in [*there, *(one for one in self._last if one not in there)]:
            self._note(instance, there.get(instance, GONE), now)
        if not self.counts or now - self.counts[-1].at >= 1:
            self.counts.append(Count(now, *self.count()))

    def _note(self, instance: str, state: str, now: float) -> None:
        last = self._last.get(instance)
        if last and last.state == state:
            return
        if last:
            last.ended = now
            del self._last[instance]
        if state != GONE:
            self._last[instance] = Span(instance, state, now)
            self.spans.append(self._last[instance])
        self.hear(instance, state)

    def seen(self) -> list[str]:
        """Every instance so far, in the order in which they came."""
        return list(dict.fromkeys(span.instance for span in self.spans))

    def first(self, instance: str) -> float:
        """When the group first had it."""
        return next(span.began for span in self.spans if span.instance == instance)

    def left(self, instance: str) -> tuple[float, float]:
        """From when on it was leaving, and when it was gone. ValueError for one that is still there."""
        own = [span for span in self.spans if span.instance == instance]
        if (gone := own[-1].ended) is None:
            raise ValueError(f"{instance} is {own[-1].state}")
        leaving = [span.began for span in own if span.state.startswith("Terminating")]
        return min(leaving, default=gone), gone


@contextmanager
def watching(tick: Callable[[], None]) -> Iterator[list[BaseException]]:
    """Calls it again and again in a thread of its own. What it raised, after which nobody looks any more, is in the
    list at once: whoever waits for what is seen must not wait for ever."""
    ended, failed = threading.Event(), list[BaseException]()

    def work() -> None:
        try:
            tick()
            while not ended.wait(PAUSE):
                tick()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, name="watching", daemon=True)
    thread.start()
    try:
        yield failed
    finally:
        ended.set()
        thread.join()
