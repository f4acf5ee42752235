"""Loads whose losses are counted: what else runs on this machine must not be what loses them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import enumerate as threads

from slackwater.lab import Lab, load
from slackwater.lab.locks import locked
from slackwater.lab.places import PLACES
from slackwater.lab.power import lab_cgroup

HEAVY = 150
"""Requests a second from which on a load wants most of one processor: two of them at once would starve each other."""
PREFERRED = {"cpu.shares": "4096", "cpu.weight": "400"}
"""Four times another lab's part of the processors, where there is not enough for all: in the kernel's two versions."""
AHEAD = 5
"""Steps of nice: a sender that comes too late would count what it did itself, one far ahead starves what it tests."""


@contextmanager
def counted(lab: Lab, wanted: load.Load) -> Iterator[load.Running]:
    """The load while the block runs. A heavy one waits until no other worker has one."""
    alone = locked(PLACES.labs / ".heavy-load.lock") if wanted.rate >= HEAVY else nullcontext()
    with alone, preferred(lab), load.running(wanted) as people:
        for thread in threads():
            if thread.name.startswith("load") and thread.native_id:
                os.setpriority(os.PRIO_PROCESS, thread.native_id, os.nice(0) - AHEAD)
        yield people


@contextmanager
def preferred(lab: Lab) -> Iterator[None]:
    """Converges of other labs get what this one leaves."""
    files = [directory / name for directory in lab_cgroup(lab.name).directories() for name in PREFERRED]
    before = {file: file.read_text() for file in files if file.exists()}
    for file in before:
        file.write_text(PREFERRED[file.name])
    try:
        yield
    finally:
        for file, weight in before.items():
            file.write_text(weight)
