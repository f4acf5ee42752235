"""The program of slackwater-logs: `python3 -m agents.logs /etc/slackwater/logs.json [--last] [--seconds N]`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from ..files import write_whole
from ..metadata import Metadata, MetadataError
from ..signed import Aws, RefusedError
from . import journal
from .places import Bucket, Directory, Place
from .ship import Shipment, ship, sources
from .spool import BusyError, Spool
from .told import Told, ToldError, load

PATIENCE = 45.0
"""Seconds of one run: the next one comes within the minute, and goes on where this one has ended."""
LEAST = 1.0
"""Seconds for a last attempt: more would take a leave's time from what follows."""


def main() -> int:
    """The exit status is 0 when all has arrived, 1 when something waits for the next run."""
    asked = _parser().parse_args()
    deadline = time.monotonic() + asked.seconds
    try:
        told = load(asked.configuration, Path(os.environ.get("SLACKWATER_ROOT", "/")))
        if asked.last:
            journal.sync()
        spool = Spool(told.state)
        with spool.held(deadline):
            done = _shipped(told, spool, deadline, to_the_end=asked.last)
    except (ToldError, BusyError, RefusedError, OSError) as error:
        print(f"logs wait for the next run: {error}", file=sys.stderr)
        return 1
    _show(told, done)
    return 0 if done.is_all else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="agents.logs",
        description="Ship what the app's units and nginx have said since the last run.",
        epilog="example: python3 -m agents.logs /etc/slackwater/logs.json --last --seconds 20",
    )
    parser.add_argument("configuration", type=Path, help="what the role has written")
    parser.add_argument("--last", action="store_true", help="there may be no other run: unfinished lines, too")
    parser.add_argument("--seconds", type=float, default=PATIENCE, help="at most so long (default: %(default)s)")
    return parser


def _shipped(told: Told, spool: Spool, deadline: float, *, to_the_end: bool) -> Shipment:
    metadata = Metadata()
    name = _instance(metadata) if told.is_instance else told.host
    place = _place(told, metadata, deadline)
    return ship(spool, place, f"{told.fleet}/{name}", sources(told, to_the_end=to_the_end), deadline)


def _instance(metadata: Metadata) -> str:
    """Raises MetadataError: under another name nobody would look for it."""
    found = metadata.get("instance-id")
    if not found:
        raise MetadataError("instance metadata name no instance")
    return found


def _place(told: Told, metadata: Metadata, deadline: float) -> Place:
    if not told.to.startswith("s3://"):
        return Directory(told.to)
    region = told.region or metadata.get("placement/region") or ""
    return Bucket(told.to, Aws(metadata, region, told.endpoint, deadline, new_role=0.0, least=LEAST))


def _show(told: Told, done: Shipment) -> None:
    """For whoever collects metrics (https://prometheus.io/docs/instrumenting/exposition_formats/)."""
    if done.is_all:
        name = "slackwater_logs_shipped_timestamp_seconds"
        lines = [f"# HELP {name} When all logs had last arrived.", f"# TYPE {name} gauge", f"{name} {time.time():.0f}"]
        told.run.mkdir(exist_ok=True)
        write_whole(told.run / "metrics.prom", "\n".join(lines) + "\n", lasting=False)


if __name__ == "__main__":
    sys.exit(main())
