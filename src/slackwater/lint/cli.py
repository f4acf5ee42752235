"""The command `slackwater lint`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from slackwater.lint.inspection import CHECKS, Report, inspect
from slackwater.lint.words import told


@click.command(name="lint")
@click.argument("inventory")
@click.option("--group-data", multiple=True, metavar="DIR", help="One more directory of group data, as with pyinfra.")
@click.option("--data", multiple=True, metavar="KEY=VALUE", help="Data for every host, as with pyinfra.")
@click.option("--json", "as_json", is_flag=True, help="Print the faults as JSON.")
def command(inventory: str, group_data: tuple[str, ...], data: tuple[str, ...], as_json: bool) -> None:
    """Report every fault of an inventory and its group data. No host is touched.

    \b
    Example:
      slackwater lint inventories/prod.py
    """
    report = inspect(told(inventory, group_data, data, Path.cwd()))
    click.echo(_json(report) if as_json else _text(report, inventory))
    raise SystemExit(1 if report.faults else 0)


def _text(report: Report, inventory: str) -> str:
    if report.faults:
        return "\n".join(fault.message for fault in report.faults)
    return f"{inventory} is clean: {_count(report.hosts, 'host')}, {_count(len(CHECKS), 'check')}, no fault."


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _json(report: Report) -> str:
    return json.dumps({"faults": [fault.as_json() for fault in report.faults], "hosts": report.hosts}, indent=2)
