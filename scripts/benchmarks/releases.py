"""Requests lost per release, good and broken, by Slackwater's way and four others; seconds and memory of each."""

from __future__ import annotations

import resource
import tempfile
import time
from dataclasses import dataclass
from itertools import product
from math import isfinite
from pathlib import Path

from benchmarks import beside, memory
from benchmarks.bench import CONVERGE, Bench, Row
from benchmarks.shop import HOST, LEDGER, Shop
from benchmarks.ways import Way, all_ways
from slackwater.lab import load

RATE, POSTS, RTT = 300, 0.5, 0.04
BEFORE, AFTER = 3.0, 5.0
"""Seconds of load before the command, and after it: nginx's pool to what was stopped is empty after two."""
NOTICE = 10.0
"""Seconds from the command to the moment at which the operator sees that the release is broken, and restores."""
LONGEST = 600.0
"""Seconds after which the load ends by itself, should a command hang."""
OPEN_FILES = 16_384
"""Ten seconds of requests that hang are 3,000 connections, above a shell's usual limit."""

SUMMARY = (
    *("lost", "sent", "twice", "status", "first_answer_s", "command_s"),
    *("slowest_ms", "memory_before_mb", "memory_peak_mb"),
)
"""Columns of the last lines."""


@dataclass(frozen=True)
class Place:
    """Where the client connects, and which share of its requests goes over kept connections."""

    host: str
    keepalive: float

    @property
    def label(self) -> str:
        return f"client at {'the balancer' if self.host != HOST else 'the app host'}, keep-alive {self.keepalive}"

    def url(self, way: Way) -> str:
        return way.shop.bench.url(self.host, way.port if self.host == HOST else way.balancer_port)


PLACES = (Place(HOST, 1.0), Place(HOST, 0.5), Place("balancer-1", 1.0))


def measure(bench: Bench) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, hard), hard))
    with tempfile.TemporaryDirectory() as folder:
        rows = _measure_in(bench, Shop(bench, Path(folder) / "shop"))
    for what, value in summary(rows).items():
        bench.show(what, value)


def _measure_in(bench: Bench, shop: Shop) -> list[Row]:
    bench.up(1, 1)
    first = shop.make()
    bench.run(*CONVERGE, "--group-data", str(shop.told))
    bench.run(*shop.words("rollout"), "--release", first, "--bake", "0")
    beside.install(bench)
    shop.place(first)
    ways, rows = all_ways(shop, first), []
    # Round by round, so that a bad minute of the machine meets every way alike.
    for _, (place, broken), way in product(range(bench.rounds), CASES, ways):
        rows.append(_one(way, place, broken))
        bench.show(f"{_label(rows[-1])}, {way.label}", rows[-1])
    return rows


CASES = (*((place, False) for place in PLACES), (PLACES[0], True))


def _label(row: Row) -> str:
    return f"{'broken' if row['broken'] else 'good'} release, {row['place']}"


def _one(way: Way, place: Place, broken: bool) -> Row:
    release = way.shop.make(broken=broken)
    way.prepare(release)
    way.begin()
    wanted = load.Load(place.url(way), RATE, LONGEST, POSTS, place.keepalive, rtt=RTT)
    with memory.watched(way.shop.bench.lab.host(HOST), way.units) as seen, load.running(wanted) as traffic:
        time.sleep(BEFORE)
        began, clock = time.monotonic(), time.time()
        status = way.release(release)
        took = time.monotonic() - began
        if broken:
            time.sleep(max(0.0, NOTICE - took))
            way.restore()
        time.sleep(AFTER)
        result = traffic.stop()
    row = {"way": way.label, "place": place.label, "broken": broken, "status": status, "command_s": round(took, 1)}
    row |= _lost(way, result) | _first(result, release, began) | seen.summary(clock)
    if not broken:
        way.live = release
    way.end()
    return row


def _first(result: load.Result, release: str, began: float) -> Row:
    """Seconds from the command to the first request that the new release answered; None when it answered none."""
    seconds = result.first_answer_of(release) - began
    return {"first_answer_s": round(seconds, 2) if isfinite(seconds) else None}


def _lost(way: Way, result: load.Result) -> Row:
    ledger = way.shop.bench.ssh(HOST, f"grep '^{result.run}-' {LEDGER} || true")
    executed, counts = result.check([ledger]), result.summary()
    kept = ("sent", "lost", "lost_by_method", "reasons", "mismatched", "releases", "p50_ms", "p99_ms", "slowest_ms")
    more = {"twice": len(executed.twice), "never": len(executed.never), "unanswered": len(executed.unanswered)}
    return {name: counts[name] for name in (*kept, "behind_ms")} | more


def summary(rows: list[Row]) -> dict[str, Row]:
    """By case and way: every run's figures, in order."""
    found: dict[str, Row] = {}
    for row in rows:
        figures = found.setdefault(f"summary, {_label(row)}, {row['way']}", {name: [] for name in SUMMARY})
        for name, values in figures.items():
            values.append(row[name])
    return found
