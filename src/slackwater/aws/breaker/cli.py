"""The command `slackwater watch`."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from threading import Event

import click

from slackwater.agents.breaker.files import write
from slackwater.agents.breaker.watch import Seen, Watch
from slackwater.aws.breaker import watch_of
from slackwater.aws.cli._inventory import errors_for, read
from slackwater.aws.cli.plan import ErrorsAreOne
from slackwater.release.options import inventory_options

INTERVAL = 30
"""Seconds between two looks: AWS itself waits minutes between two launches that fail."""
NOT_FREE = 2
"""The exit status of a look that found launches suspended, by whomever, or on trial."""
FOLDER = click.Path(exists=True, file_okay=False, writable=True, path_type=Path)


@click.command(cls=ErrorsAreOne)
@inventory_options
@click.option("--once", is_flag=True, help="Look once, do what is due, and end.")
@click.option("--lift", is_flag=True, help="Do at once what the expiry would do: try launches again. Ends after it.")
@click.option("--interval", default=INTERVAL, type=click.IntRange(1), show_default=True, metavar="SECONDS")
@click.option("--folder", type=FOLDER, metavar="DIR", help="Write state.json and metrics.prom there after each look.")
@click.option("--json", "as_json", is_flag=True, help="Print each look as one line of JSON.")
def watch(
    inventory: str,
    *,
    once: bool,
    lift: bool,
    interval: int,
    folder: Path | None,
    as_json: bool,
    **more: tuple[str, ...],
) -> None:
    """Watch the launches of the scaling group: suspend them when they keep failing, try again later.

    A balancer does the same by itself; this is for fleets without one. With --once the exit status is 0 when launches
    are free, 2 when they are suspended or on trial, 1 when AWS could not be asked or changed.

    \b
    Examples:
      slackwater watch inventories/prod.py
      slackwater watch inventories/prod.py --once --json
      slackwater watch inventories/prod.py --lift
      slackwater watch inventories/prod.py --folder /run/slackwater-watch
    """
    with errors_for(as_json):
        watching = watch_of(read(inventory, **more).group, lambda text: click.echo(text, err=as_json))
    if once or lift:
        raise SystemExit(_status(_look(watching, as_json, folder, lift_now=lift)))
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        _look(watching, as_json, folder)
        stop.wait(interval)


def _look(watching: Watch, as_json: bool, folder: Path | None, *, lift_now: bool = False) -> Seen:
    seen = watching.look(lift_now=lift_now)
    if folder:
        write(folder, watching)
    if as_json:
        click.echo(json.dumps(seen.as_json()))
    return seen


def _status(seen: Seen) -> int:
    if seen.error:
        return 1
    return 0 if seen.is_free else NOT_FREE
