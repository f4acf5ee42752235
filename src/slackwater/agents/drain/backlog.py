"""How many tasks wait for each instance of the group, by the workers' own count: what a policy may follow."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

METRIC = "backlog_per_instance"
FRESH = 60.0
"""Seconds: the workers count every 20; an older count is of workers that hang, and none."""
LARGEST = 65536
"""Bytes: the app's own user writes the file, and this agent's memory is not for it."""
IN_SERVICE = re.compile(r"<LifecycleState>\s*InService\s*</LifecycleState>")


def waiting(path: Path, now: float) -> int | None:
    """Messages that nobody has reserved, in all queues of this host's workers; None when nobody has counted lately."""
    try:
        said = json.loads(_read(path))
        counts = [int(number) for number in said["queues"].values()]
        fresh = abs(now - float(said["at"])) <= FRESH
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return sum(counts) if fresh and min(counts, default=-1) >= 0 else None


def _read(path: Path) -> bytes:
    """Raises OSError for what is no plain file, and ValueError for too much of one: neither is waited for."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is no plain file")
        text = file.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise ValueError(f"{path} is larger than {LARGEST} bytes")
    return text


def per_instance(count: int, scaling: Callable[..., str], group: str) -> float:
    """Every instance in service publishes the same, so that their mean is it. Raises RefusedError."""
    said = scaling("DescribeAutoScalingGroups", **{"AutoScalingGroupNames.member.1": group})
    return count / max(1, len(IN_SERVICE.findall(said)))
