"""The command `slackwater lint`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from slackwater.lint.inspection import CHECKS, Report, inspect
from slackwater.lint.loading import Declaration


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
    project = Path.cwd()
    _refuse_missing(inventory, project)
    report = inspect(Declaration(inventory, group_data, _parsed(data), project))
    click.echo(_json(report) if as_json else _text(report, inventory))
    raise SystemExit(1 if report.faults else 0)


def _refuse_missing(inventory: str, project: Path) -> None:
    """A list of hosts or a connector is no file, and pyinfra takes it too."""
    if (project / inventory).is_file() or "," in inventory or "@" in inventory:
        return
    known = sorted(str(file.relative_to(project)) for file in project.glob("inventories/*.py"))
    raise click.UsageError(
        f"there is no inventory {inventory}; there are: {', '.join(known) or 'none in inventories/'}"
    )


def _parsed(data: tuple[str, ...]) -> dict[str, Any]:
    from pyinfra_cli.util import parse_cli_arg

    pairs = [item.partition("=") for item in data]
    for key, equals, _ in pairs:
        if not equals:
            raise click.UsageError(f"--data {key}: must be KEY=VALUE")
    return {key: parse_cli_arg(value) for key, _, value in pairs}


def _text(report: Report, inventory: str) -> str:
    if report.faults:
        return "\n".join(fault.message for fault in report.faults)
    return f"{inventory} is clean: {_count(report.hosts, 'host')}, {_count(len(CHECKS), 'check')}, no fault."


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _json(report: Report) -> str:
    return json.dumps({"faults": [fault.as_json() for fault in report.faults], "hosts": report.hosts}, indent=2)
