"""Memory of an app's processes on a host while a release goes on: a program that runs there, and who reads it."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from slackwater.lab import LabHost

WATCH = """
import json, re, select, sys, time
from pathlib import Path

def sample(unit):
    total, units = 0, set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found = re.search(f"/({unit}[^/\\n]*[.]service)", (process / "cgroup").read_text())
            if found:
                total += int(re.search(r"^Pss: +([0-9]+)", (process / "smaps_rollup").read_text(), re.M)[1])
                units.add(found[1])
        except (OSError, TypeError):
            pass  # it has ended meanwhile
    return [total, len(units)]

samples = []
while not select.select([sys.stdin], [], [], PAUSE)[0]:
    samples.append([time.time(), *sample(UNIT)])
print(json.dumps(samples))
"""
"""Proportional set size: what the workers share with each other is counted once."""
PAUSE = 0.2
"""Seconds between two looks: two generations of workers side by side last a second at least."""


@dataclass
class Memory:
    """Samples of (time, kB, units that had processes). A lab's hosts have this machine's clock."""

    samples: list[tuple[float, int, int]] = field(default_factory=list)

    def summary(self, began: float) -> dict[str, float]:
        """In MB: the most before that moment, and the most after it, with how many units there were then."""
        before = [kilobytes for at, kilobytes, _ in self.samples if at < began]
        peak, units = max(((kilobytes, units) for at, kilobytes, units in self.samples if at >= began), default=(0, 0))
        return {
            "memory_before_mb": round(max(before, default=0) / 1024, 1),
            "memory_peak_mb": round(peak / 1024, 1),
            "units_at_peak": units,
        }


@contextmanager
def watched(host: LabHost, unit: str) -> Iterator[Memory]:
    """Samples while the block runs, of all units whose names begin with `unit`."""
    seen = Memory()
    program = WATCH.replace("PAUSE", str(PAUSE)).replace("UNIT", repr(unit))
    words = [*host.ssh_command(), f"python3 -c {shlex.quote(program)}"]
    watcher = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield seen
    finally:
        printed, _ = watcher.communicate("\n")
        seen.samples += [tuple(row) for row in json.loads(printed or "[]")]
