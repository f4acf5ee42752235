"""The command `slackwater logs`."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from slackwater.errors import SettingsError
from slackwater.logs.reading import ALL, JOURNAL, Line, Wanted, hosts, last, lines, shelf
from slackwater.release.options import inventory_options
from slackwater.release.store import Files

Row = tuple[str, dict[str, str]]
"""As a person reads it, and as a program does."""
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
SINCE_ALLOWED = "must be an age such as 30m, 6h or 2d, or a time in UTC such as 2026-11-21T12:00:00"


@click.command()
@inventory_options
@click.argument("host", required=False)
@click.option("--source", default=JOURNAL, show_default=True, help=f"Such as nginx-access or nginx-error; or {ALL}.")
@click.option("--since", metavar="AGE|TIME", help="Only what is younger: 30m, 6h, 2d, or a time in UTC.")
@click.option("--lines", "number", default=200, show_default=True, type=click.IntRange(0), help="The last; 0: all.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def logs(inventory: str, *, host: str | None, number: int, as_json: bool, **more: Any) -> None:
    """Print what a host has shipped, also when it is gone; without HOST, which hosts have shipped anything.

    An instance of a scaling group is called by its id, another host by its name in the inventory. The exit status is 1
    when there is nothing.

    \b
    Examples:
      slackwater logs inventories/prod.py
      slackwater logs inventories/prod.py i-0123456789abcdef0 --since 6h
      slackwater logs inventories/prod.py app-1 --source nginx-access --lines 0
    """
    source, since = more.pop("source"), more.pop("since")
    wanted = Wanted(source, _since(since) if since else None)
    files, fleet = _declared(inventory, **more)
    found = _lines(last(lines(files, fleet, host, wanted), number), host) if host else _hosts(files, fleet)
    if not found:
        raise SettingsError(f"{files.name} has nothing of {host or f'the fleet {fleet}'} that was asked for")
    for text, row in found:
        click.echo(json.dumps(row) if as_json else text)


def _declared(inventory: str, group_data: tuple[str, ...], data: tuple[str, ...]) -> tuple[Files, str]:
    """Where the hosts of this inventory ship to, and their fleet."""
    from slackwater.lint.fleet import CLOUD
    from slackwater.lint.loading import load
    from slackwater.lint.words import told

    fleet, faults = load(told(inventory, group_data, data, Path.cwd()))
    if faults:
        raise SettingsError("\n".join(fault.message for fault in faults))
    hosts = [*fleet.instances, *(host for host in fleet.hosts if CLOUD not in host.groups)]
    found = {(host.logs.ship_to, str(host.data.get("fleet", host.environment))) for host in hosts}
    if len(found) > 1:
        places = ", ".join(sorted(f"{place} of {name}" for place, name in found))
        raise SettingsError(f"{inventory}: its hosts must not differ in logs.ship_to or fleet ({places})")
    ship_to, name = next(iter(found), (None, ""))
    return shelf(ship_to), name


def _hosts(files: Files, fleet: str) -> list[Row]:
    """The one that was heard last is the last."""
    found = sorted(hosts(files, fleet).items(), key=lambda row: row[1][1])
    return [
        (
            f"{name:<24} {first:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} UTC",
            {"host": name, "first": first.isoformat(), "last": end.isoformat()},
        )
        for name, (first, end) in found
    ]


def _lines(found: list[Line], host: str) -> list[Row]:
    return [(str(line), {"host": host, **asdict(line)}) for line in found]


def _since(said: str) -> datetime:
    """Raises click's UsageError."""
    if age := re.fullmatch(r"(\d{1,6})([smhd])", said):
        return datetime.now(UTC) - timedelta(**{UNITS[age[2]]: int(age[1])})
    try:
        at = datetime.fromisoformat(said)
    except ValueError as error:
        raise click.BadParameter(f"{said!r} {SINCE_ALLOWED}", param_hint="--since") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
