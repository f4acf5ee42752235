"""What died with a crashed host: by the balancer's access log what that host was carrying out, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slackwater.drill.attempts import BETWEEN

GRAIN = 1.0
"""Seconds: the log's moments are whole ones, and a request that ends in the crash's own must not be missed."""


@dataclass(frozen=True)
class Died:
    """POSTs without a good answer, and WebSockets that were open to it."""

    posts: int = 0
    websockets: int = 0


@dataclass(frozen=True)
class Crash:
    """Of the host at `address`, in seconds since 1970; what is sent after `known` goes to others, or should."""

    address: str
    began: float
    known: float
    ended: float

    def took(self, line: dict[str, Any]) -> bool:
        """Whether it was the host that was asked last for this, and the request ended with it."""
        ended = datetime.fromisoformat(line["time"]).timestamp()
        in_time = self.began - GRAIN <= ended <= self.ended and ended - line["seconds"] <= self.known
        return in_time and BETWEEN.split(line["upstream"])[-1].rpartition(":")[0] == self.address


def died(log: Iterable[str], run: str, crash: Crash) -> Died:
    """`run` is the word that all ids of the people's requests begin with."""
    taken = [line for line in _told(log) if crash.took(line)]
    lost = [line for line in taken if line["method"] == "POST" and not 200 <= line["status"] < 300]
    posts = [line for line in lost if line["request_id"].startswith(f"{run}-")]
    return Died(len(posts), sum(line["status"] == 101 for line in taken))


def _told(log: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The last line may be half written."""
    for line in log:
        if line.endswith("}"):
            yield json.loads(line)
