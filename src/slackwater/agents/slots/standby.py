"""A slot that was replaced and is kept running for a while, so that going back to it needs no start."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import asdict, dataclass

from ..files import write_whole
from . import systemd
from .layout import Layout

COMMAND = "/usr/local/sbin/slackwater-slots"


@dataclass(frozen=True)
class Standby:
    """`until` is of the clock that runs from the boot on: it knows no leap and no change of the date."""

    slot: str
    until: float


def begin(layout: Layout, slot: str, seconds: float) -> None:
    """From now on; a timer of systemd's ends it, though whoever asked for it be gone by then."""
    wanted = Standby(slot, time.monotonic() + seconds)
    write_whole(layout.standby, json.dumps(asdict(wanted)) + "\n")
    _set_timer(layout, wanted, seconds)


def _set_timer(layout: Layout, wanted: Standby, seconds: float) -> None:
    """Each has a name of its own: an earlier one may be at its work, and finds that this one's time is not over."""
    unit = layout.timer(round(wanted.until * 1000))
    when = [f"--on-active={seconds:.3f}", "--timer-property=AccuracySec=100ms"]
    words = ["systemd-run", "--quiet", "--collect", f"--unit={unit}", *when]
    words += [COMMAND, "settle", layout.app, "--expired"]
    subprocess.run(words, check=True, capture_output=True, text=True, timeout=systemd.START_TIMEOUT)


def end(layout: Layout) -> None:
    layout.standby.unlink(missing_ok=True)


def stop_timers(layout: Layout) -> None:
    """They would find nothing to do; whoever looks at the host's timers must not wonder."""
    for timer in systemd.active_units(layout.timers):
        systemd.systemctl("stop", "--no-block", timer)


def waiting(layout: Layout) -> str | None:
    """The slot whose time is not over."""
    try:
        found = Standby(**json.loads(layout.standby.read_text()))
    except FileNotFoundError:
        return None
    return found.slot if time.monotonic() < found.until else None


def release(layout: Layout) -> str | None:
    """The release of that slot."""
    slot = waiting(layout)
    return str(layout.facts_of(slot)["release"]) if slot in layout.slots() and slot else None
