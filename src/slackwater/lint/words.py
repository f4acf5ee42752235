"""What a command line says of an inventory, in pyinfra's own words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from slackwater.lint.loading import Declaration


def told(inventory: str, group_data: Iterable[str], data: Iterable[str], project: Path) -> Declaration:
    """`data` are KEY=VALUE. Raises click's UsageError for an inventory that is not there, naming those that are."""
    _refuse_missing(inventory, project)
    return Declaration(inventory, tuple(group_data), _parsed(data), project.resolve())


def _refuse_missing(inventory: str, project: Path) -> None:
    """A list of hosts or a connector is no file, and pyinfra takes it too."""
    if (project / inventory).is_file() or "," in inventory or "@" in inventory:
        return
    known = sorted(str(file.relative_to(project)) for file in project.glob("inventories/*.py"))
    raise click.UsageError(
        f"there is no inventory {inventory}; there are: {', '.join(known) or 'none in inventories/'}"
    )


def _parsed(data: Iterable[str]) -> dict[str, Any]:
    from pyinfra_cli.util import parse_cli_arg

    pairs = [item.partition("=") for item in data]
    for key, equals, _ in pairs:
        if not equals:
            raise click.UsageError(f"--data {key}: must be KEY=VALUE")
    return {key: parse_cli_arg(value) for key, _, value in pairs}
