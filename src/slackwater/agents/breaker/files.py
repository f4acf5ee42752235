"""What the breaker's service leaves for others to read: how it stands as JSON, and as metrics.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ..files import write_whole
from .mark import State, moment
from .watch import CLOSED, FOREIGN, UNKNOWN, Watch

STATE_FILE, METRICS_FILE = "state.json", "metrics.prom"
PREFIX = "slackwater_breaker"
STATES = (CLOSED, *(state.value for state in State), FOREIGN, UNKNOWN)
SUSPENDED = {State.OPEN.value, State.TRIPPING.value, State.LIFTING.value}


def write(folder: Path, watch: Watch) -> None:
    """Whole or not at all: whoever reads meanwhile sees the old ones."""
    if watch.seen:
        write_whole(folder / STATE_FILE, json.dumps(watch.seen.as_json(), indent=2) + "\n")
    write_whole(folder / METRICS_FILE, exposition(watch))


def exposition(watch: Watch) -> str:
    lines = []
    for name, kind, text, values in _families(watch):
        lines += [f"# HELP {PREFIX}_{name} {text}", f"# TYPE {PREFIX}_{name} {kind}"]
        lines += [f"{PREFIX}_{name}{{{labels}}} {value:.15g}" for labels, value in values]
    return "\n".join(lines) + "\n"


def _families(watch: Watch) -> Iterator[tuple[str, str, str, list[tuple[str, float]]]]:
    seen, who = watch.seen, f'group="{watch.rules.group}"'
    yield "looks_total", "counter", "Looks at the group.", [(who, watch.looks)]
    yield "look_failures_total", "counter", "Looks that could not read or change AWS.", [(who, watch.failures)]
    yield "failures_to_trip", "gauge", "Failed launches in a row that trip it.", [(who, watch.rules.failures)]
    if seen is None:
        return
    states = [(f'{who},state="{state}"', float(seen.state == state)) for state in STATES]
    yield "state", "gauge", "1 for the state it is in.", states
    yield "last_look_timestamp_seconds", "gauge", "When it last looked.", [(who, moment(seen.at).timestamp())]
    yield "ok", "gauge", "1 when the last look could read AWS and do what it wanted.", [(who, float(not seen.error))]
    if seen.error:
        return
    suspended = [(f'{who},process="{process}"', 1.0) for process in seen.suspended]
    yield "open", "gauge", "1 while it suspends launches.", [(who, float(seen.state in SUSPENDED))]
    yield "failed_in_a_row", "gauge", "Launches that failed since the last success.", [(who, seen.failed)]
    yield "suspended", "gauge", "Processes that are suspended, by whomever.", suspended
    if seen.expires:
        expires = [(who, moment(seen.expires).timestamp())]
        yield "expires_timestamp_seconds", "gauge", "When launches are tried again.", expires
