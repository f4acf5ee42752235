"""The causes as metadata tell them: each asked in its own time, by one kept connection, in a thread of its own.

What cannot be read is no reason to drain, and none to stop draining: the last answer stands.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ..metadata import Metadata, MetadataError, pauses
from .around import Surroundings
from .causes import CAUSES, Cause, Notice
from .rules import Rules
from .threads import repeat

NONSENSE = (ValueError, LookupError, TypeError, AttributeError)


@dataclass
class Counts:
    """For the metrics; `error` is empty after a reading that went well."""

    asked: int = 0
    failed: int = 0
    error: str = ""


class Readings:
    """`heard` is called after each answer that has changed something."""

    def __init__(
        self, metadata: Metadata, rules: Rules, around: Surroundings, heard: Callable[[], None] = lambda: None
    ) -> None:
        self._metadata, self._rules, self._heard = metadata, rules, heard
        self._clock, self._boot, self._log = around.clock, around.boot, around.log
        self._behind = around.behind
        self.notices: Mapping[str, Notice | None] = {}
        self.counts = Counts()
        self._due: dict[str, float] = {cause.name: float("-inf") for cause in CAUSES.values() if cause.path}
        self._waits: Iterator[float] = pauses()
        self._nonsense: dict[str, str] = {}

    def begin(self) -> None:
        repeat(lambda: time.sleep(self.look()), "metadata", self._log)

    def look(self) -> float:
        """Asks what is due. Seconds until the next look; longer and longer while the service does not answer.

        A path that fails does not hide the others.
        """
        now, errors = self._clock(), dict[str, None]()
        for name in [name for name, due in self._due.items() if due <= now]:
            try:
                self._read(CAUSES[name])
                self._due[name] = now + CAUSES[name].interval
            except MetadataError as error:
                self.counts.failed += 1
                errors[str(error)] = None
        self._say("; ".join([*errors, *self._nonsense.values()]))
        if errors:
            return next(self._waits)
        self._waits = pauses()
        return max(0.0, min(self._due.values()) - self._clock())

    def _read(self, cause: Cause) -> None:
        self.counts.asked += 1
        text = self._metadata.get(str(cause.path))
        try:
            found = cause.notice(text, self._clock(), self._rules, self._boot, self._behind())
        except NONSENSE as error:
            self.counts.failed += 1
            self._nonsense[cause.name] = f"{cause.path} says {text!r:.100}: {error}"
            return
        self._nonsense.pop(cause.name, None)
        before = self.notices.get(cause.name)
        if cause.name not in self.notices or (found and found.key) != (before and before.key):
            self.notices = {**self.notices, cause.name: found}
            self._heard()

    def _say(self, error: str) -> None:
        """A fault once, and its end; the metrics count each."""
        if error != self.counts.error:
            self._log(f"{error}; nothing changes" if error else "metadata answer again")
        self.counts.error = error
