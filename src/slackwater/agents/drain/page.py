"""How it stands, as JSON and as metrics (https://prometheus.io/docs/instrumenting/exposition_formats/)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .core import deadline, is_held
from .leave import Leave, State
from .memory import used_percent
from .readings import Counts
from .rules import Rules
from .seen import Seen

if TYPE_CHECKING:
    from .cloud import Cloud

PREFIX = "slackwater_drain"
Values = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class View:
    leave: Leave
    seen: Seen
    rules: Rules
    counts: Counts
    cloud: Cloud | None
    now: float

    def state(self) -> dict[str, Any]:
        """`is_held`: it waits where it is; `left` is in seconds until the deadline, where there is one."""
        leave, seen = self.leave, self.seen
        end = deadline(leave, self.rules)
        waits = leave.step is not None and leave.state is not State.DONE and end < float("inf")
        return {
            "at": self.now,
            "state": leave.state,
            "step": leave.step,
            "is_held": is_held(leave),
            "causes": [{"cause": one.cause, "said": one.said, "since": one.since} for one in leave.notices],
            "began": leave.began,
            "left": round(end - self.now, 1) if waits else None,
            "gate": seen.gate,
            "unaware": sorted(seen.unaware),
            "in_flight": seen.look.in_flight if seen.look else None,
            "starting": list(leave.stopped) if leave.state is State.SERVING else [],
            "cut": list(leave.cut),
            "completed": leave.completed,
            "metadata": self.counts.error,
            "cloud": self.cloud.error if self.cloud else "",
            "history": [{"at": one.at, "state": one.state, "why": one.why} for one in leave.history],
        }

    def metrics(self) -> str:
        lines = []
        for name, kind, text, values in self._families():
            lines += [f"# HELP {PREFIX}_{name} {text}", f"# TYPE {PREFIX}_{name} {kind}"]
            lines += [f"{PREFIX}_{name}{labels} {value:.15g}" for labels, value in values]
        return "\n".join(lines) + "\n"

    def _families(self) -> Iterator[tuple[str, str, str, Values]]:
        leave = self.leave
        states = [(f'{{state="{state}"}}', float(leave.state is state)) for state in State]
        yield "state", "gauge", "1 for the state of the host's leave.", states
        yield "cause", "gauge", "1 for each cause that stands.", [(f'{{cause="{n.cause}"}}', 1) for n in leave.notices]
        yield "cut", "gauge", "Steps that time did not allow in full.", [("", len(leave.cut))]
        yield "metadata_reads_total", "counter", "Questions to instance metadata.", [("", self.counts.asked)]
        yield "metadata_failures_total", "counter", "Those that failed; nothing changed.", [("", self.counts.failed)]
        yield "memory_used_percent", "gauge", "Of the machine's memory.", [("", used_percent())]
        if self.cloud:
            yield "heartbeats_total", "counter", "Heartbeats that the group has taken.", [("", self.cloud.beats)]
            yield "cloud_failures_total", "counter", "Calls that AWS did not take.", [("", self.cloud.failures)]
