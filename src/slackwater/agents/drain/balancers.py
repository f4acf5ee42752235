"""Which balancers ask this host, and which of them have fetched the closed gate: nginx tells, a datagram a question."""

from __future__ import annotations

import json
import re
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

from ..files import write_whole
from . import files
from .around import Surroundings
from .threads import repeat

RECENT = 60.0
"""Seconds: who has not asked for so long is no balancer of this host any more."""
MOST = 1000
"""Addresses that are remembered: whoever asks the route from ever new ones must not fill the memory."""
KEEP = 5.0
"""Seconds between two notes of who asks, for the agent that may come after this one."""
LINE = re.compile(rb": ([0-9a-f.:]+) (\d{3})$")
"""The end of what nginx sends: the asker's address, and what it was answered."""


@dataclass
class Asker:
    asked: float
    told: float = 0.0


class Balancers:
    """Listens in a thread of its own, `since` when it began; below `run`. Raises OSError when it cannot."""

    def __init__(self, run: Path, around: Surroundings) -> None:
        self._clock, self._log, self._notes = around.clock, around.log, run / "balancers.json"
        self._askers = _read(self._notes)
        self._kept = self.since = self._clock()
        path = run / "probes.sock"
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o666)  # nginx's workers are another user, and all they can do is count

    def begin(self) -> None:
        self.since = self._clock()
        repeat(lambda: self.heard(self._socket.recv(1024)), "probes", self._log)

    def unaware(self, since: float) -> frozenset[str]:
        """Who asked within the last minute, and was not told "draining" at or after `since`."""
        now = self._clock()
        askers = dict(self._askers)
        return frozenset(name for name, one in askers.items() if one.asked > now - RECENT and one.told < since)

    def heard(self, datagram: bytes) -> None:
        found = LINE.search(datagram.strip())
        if not found or found[1].startswith((b"127.", b"::1")):
            return
        name, now = found[1].decode(), self._clock()
        if name not in self._askers and len(self._askers) >= MOST:
            self._askers = {known: one for known, one in self._askers.items() if one.asked > now - RECENT}
        if name in self._askers or len(self._askers) < MOST:
            asker = self._askers.setdefault(name, Asker(now))
            asker.asked = now
            asker.told = now if found[2] == b"503" else 0.0

    def keep(self) -> None:
        """So that an agent that starts anew knows whom to wait for. Raises OSError."""
        if self._clock() < self._kept + KEEP:
            return
        self._kept = self._clock()
        notes = {name: asdict(one) for name, one in dict(self._askers).items()}
        write_whole(self._notes, json.dumps(notes) + "\n", lasting=False)


def _read(notes: Path) -> dict[str, Asker]:
    """None where there are none, or nobody can read them."""
    try:
        return {name: Asker(float(one["asked"]), float(one["told"])) for name, one in _rows(notes)}
    except (LookupError, TypeError, ValueError):
        return {}


def _rows(notes: Path) -> list[tuple[str, dict[str, float]]]:
    return list((files.document(notes) or {}).items())
