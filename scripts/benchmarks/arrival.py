"""From power-on to serving, by phase: a bare image with an index and with wheels, a prepared one, and ansible-pull."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.ansible_pull import AnsiblePull
from benchmarks.bench import Bench, CommandError, Row
from benchmarks.launching import Arrival, SelfProvisioned, Stage
from slackwater.lab.cloud import cloud

COLUMNS = (
    *("way", "boot", "cloud-init", "packages", "bundle", "environment", "converge", "proof"),
    *("ready", "in service", "ratio", "load"),
)
"""Of the table; `ready` and `in service` count from power-on, `ratio` is that of `ready` to ansible-pull's.

`load` is the machine's in the last minute of a way: where ways met different ones, their ratio says nothing.
"""
PEER = AnsiblePull.label


def measure(bench: Bench) -> None:
    with tempfile.TemporaryDirectory() as folder, cloud(lifecycle=True) as sky:
        rows = _measure_on(Stage.begin(bench, sky, Path(folder)))
    bench.down()
    _refuse_another_job(rows)
    found = summary(rows)
    for way, row in found.items():
        bench.show(f"median of {bench.rounds}, {way}", row)
    bench.table(COLUMNS, [{"way": way, **row} for way, row in found.items()])


def _measure_on(stage: Stage) -> list[Row]:
    """Round by round, each of which begins with another way: a bad minute of the machine meets every way alike."""
    ways, rows = all_ways(stage), []
    for number in range(stage.bench.rounds):
        first = number % len(ways)
        for way in (*ways[first:], *ways[:first]):
            rows.append({"way": way.label, "round": number + 1, **way.arrive(), "load": round(os.getloadavg()[0], 1)})
            stage.bench.show(f"arrival, {way.label}", rows[-1])
    return rows


def all_ways(stage: Stage) -> list[Arrival]:
    bundle, wheels = stage.project.bundle(), stage.project.bundle("--wheels")
    bare, prepared = stage.bare, stage.prepared
    return [
        SelfProvisioned(stage, "bare image, index", bare, bundle),
        SelfProvisioned(stage, "bare image, wheels", bare, wheels),
        SelfProvisioned(stage, "prepared image, index", prepared, bundle),
        SelfProvisioned(stage, "prepared image, wheels", prepared, wheels),
        AnsiblePull(stage),
    ]


def _refuse_another_job(rows: list[Row]) -> None:
    """As many gunicorns of the same release on every host, or nothing was compared."""
    if len({(row["release"], row["workers"]) for row in rows}) != 1:
        raise CommandError("\n".join(f"{row['way']}: {row['workers']} workers of {row['release']}" for row in rows))


def summary(rows: list[Row]) -> dict[str, Row]:
    """By way, the median of each phase in seconds; the ratio is the median over the rounds, each with its own peer."""
    peers = {row["round"]: row["ready"] for row in rows if row["way"] == PEER}
    found: dict[str, Row] = {}
    for way in dict.fromkeys(row["way"] for row in rows):
        own = [row for row in rows if row["way"] == way]
        phases = [name for name in COLUMNS if name in own[0] and name != "way"]
        found[way] = {name: round(median(row[name] for row in own), 1) for name in phases}
        found[way]["ratio"] = round(median(row["ready"] / peers[row["round"]] for row in own), 2)
    return found
