"""When a process began: two that had the same number are told apart by it."""

from __future__ import annotations

import calendar
import os
import subprocess
import time
from pathlib import Path

TABLE = Path("/proc/self/stat")
ENDED = tuple("ZX")
"""Only what is left of a process until its parent has looked."""
WRITTEN = "%a %b %d %H:%M:%S %Y"


def began(pid: int) -> int | None:
    """None when there is no such process. Only to be compared with what it said on the same machine."""
    return by_kernel(pid) if TABLE.exists() else by_ps(pid)


def by_kernel(pid: int) -> int | None:
    """Linux: in ticks since the machine started, https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0].startswith(ENDED) else int(fields[19])


def by_ps(pid: int) -> int | None:
    """macOS and whatever else has no such table: in seconds since 1970."""
    # One -o each: elsewhere than on Linux all that follows an equals sign is a heading.
    words = ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)]
    plain = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    done = subprocess.run(words, env=plain, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    state, _, told = done.stdout.strip().partition(" ")
    if not state or state.startswith(ENDED):
        return None
    return calendar.timegm(time.strptime(told.strip(), WRITTEN))
