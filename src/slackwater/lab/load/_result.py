"""What became of a load."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import nlargest
from math import inf

from slackwater.lab.load._connection import Answer
from slackwater.lab.load._ledger import Executed, executed
from slackwater.lab.load._load import Request

A_LOADS_ID = re.compile(r"load[0-9a-f]{8}-\d+")
"""An app may name ids of its own in its answers; these are requests'."""
WAITS = 3
"""Of the longest: one alone does not tell a request that was tried twice from a machine that stood still."""
GOODBYES = frozenset({"1000", "1001", "1012"})
"""Close codes with which a server ends a WebSocket properly; any other end is a cut."""


@dataclass
class Answered:
    """The answers of one release or instance, and moments on the monotonic clock."""

    count: int = 0
    first_answer: float = inf
    last_answer: float = -inf
    last_sent: float = -inf

    def note(self, sent: float, now: float) -> None:
        self.count += 1
        self.first_answer, self.last_answer = min(self.first_answer, now), max(self.last_answer, now)
        self.last_sent = max(self.last_sent, sent)


@dataclass(frozen=True, order=True)
class Wait:
    """What somebody waited beyond what the app was asked to take, in seconds; `sent` is of the monotonic clock."""

    seconds: float
    kind: str
    instance: str
    sent: float
    request: str


@dataclass
class WebSockets:
    """`closes` counts the server's ends by close code, or by what came instead of one."""

    opened: int = 0
    messages: int = 0
    closes: Counter[str] = field(default_factory=Counter)

    @property
    def cut(self) -> int:
        return sum(count for code, count in self.closes.items() if code not in GOODBYES)


@dataclass
class Result:
    """Lost requests by kind and by what happened instead; `delays` are seconds until the answer of the others.

    A kind is a method, "GET long" or "POST long" for requests of the share `long`, "WebSocket" for its handshake. It
    grows while the load runs and may be looked at then.
    """

    run: str = ""
    sent: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    mismatched: Counter[str] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)
    websockets: WebSockets = field(default_factory=WebSockets)
    releases: dict[str, Answered] = field(default_factory=dict)
    instances: dict[str, Answered] = field(default_factory=dict)
    posted: set[str] = field(default_factory=set)
    longest: list[Wait] = field(default_factory=list)
    """Few, the longest first."""
    behind: float = 0.0
    """Seconds by which the client once fell behind its own clock: a large one says that this machine was too busy."""

    def lose(self, kind: str, reason: str) -> None:
        self.lost[kind] += 1
        self.reasons[f"{kind}: {reason}"] += 1

    def take(self, request: Request, answer: Answer, sent: float, delay: float) -> None:
        """An answer to this request, sent at a moment of the monotonic clock; `delay` is what the client waited."""
        if not 200 <= answer.status < 300:
            self.lose(request.kind, str(answer.status))
        elif any(A_LOADS_ID.fullmatch(name) for name in answer.ids - {request.id}):
            self.mismatched[f"{request.kind}: the answer to another request"] += 1
        else:
            self.delays.append(delay)
            waited = Wait(max(0.0, delay - request.asked), request.kind, answer.instance, sent, request.id)
            self.longest = nlargest(WAITS, [*self.longest, waited])
            self._keep(request, answer, sent)

    def _keep(self, request: Request, answer: Answer, sent: float) -> None:
        if request.is_post:
            self.posted.add(request.id)
        for name, seen in ((answer.release, self.releases), (answer.instance, self.instances)):
            if name:
                seen.setdefault(name, Answered()).note(sent, time.monotonic())

    def last_sent_to(self, release: str) -> float:
        """When the last request that this release answered was sent (monotonic clock); -inf when there was none."""
        return self.releases.get(release, Answered()).last_sent

    def first_answer_of(self, release: str) -> float:
        """When this release first answered (monotonic clock); inf when it never did."""
        return self.releases.get(release, Answered()).first_answer

    def check(self, ledgers: Iterable[str]) -> Executed:
        """Compares with what the hosts' ledgers (their text) say was carried out."""
        return executed(ledgers, self.run, frozenset(self.posted))

    @property
    def is_clean(self) -> bool:
        """Nothing lost, mismatched or cut; the ledgers are a question of their own."""
        return not (self.lost or self.mismatched or self.websockets.cut)

    def percentile(self, share: float) -> float:
        """Seconds; 0 when nothing was answered."""
        ordered = sorted(self.delays)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0

    def summary(self) -> dict[str, object]:
        """For a report or `--json`: counts, and milliseconds."""
        sockets = self.websockets
        return {
            "sent": sum(self.sent.values()),
            "lost": sum(self.lost.values()),
            "lost_by_method": dict(self.lost),
            "reasons": dict(self.reasons),
            "mismatched": sum(self.mismatched.values()),
            "releases": {release: seen.count for release, seen in self.releases.items()},
            "websockets": {"opened": sockets.opened, "closes": dict(sockets.closes), "cut": sockets.cut},
            "p50_ms": round(self.percentile(0.5) * 1000, 1),
            "p99_ms": round(self.percentile(0.99) * 1000, 1),
            "slowest_ms": round(self.percentile(1.0) * 1000, 1),
            "behind_ms": round(self.behind * 1000, 1),
        }
