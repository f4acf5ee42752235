"""What every command that speaks of a declared fleet takes: the inventory, and pyinfra's --group-data and --data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import click

from slackwater.errors import SettingsError
from slackwater.release._declared import declared


def inventory_options(command: Callable[..., None]) -> Callable[..., None]:
    """`inventory`, `group_data` and `data`, as the words they are."""
    return click.argument("inventory")(data_options(command))


def data_options(command: Callable[..., None]) -> Callable[..., None]:
    """`group_data` and `data` alone."""
    options = [
        click.option("--group-data", multiple=True, metavar="DIR", help="One more directory of group data."),
        click.option("--data", multiple=True, metavar="KEY=VALUE", help="Data for every host, as with pyinfra."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def refuse_unbundled(group_data: Sequence[str], data: Sequence[str]) -> None:
    """Instances read the project in their bundle; words of a command line are not in it. Raises SettingsError."""
    given = [*(f"--group-data {each}" for each in group_data), *(f"--data {each}" for each in data)]
    if given:
        raise SettingsError(
            f"{', '.join(given)}: must not be given here, for instances read their settings from the bundle, and it "
            "would not be in it; write it into the project's group_data"
        )


def takes_inventory(command: Callable[..., None]) -> Callable[..., None]:
    """The command gets what the inventory declares, and is not called when that has faults."""

    @inventory_options
    @wraps(command)
    def with_inventory(inventory: str, group_data: tuple[str, ...], data: tuple[str, ...], **rest: Any) -> None:
        command(declared(inventory, group_data, data, Path.cwd()), **rest)

    return with_inventory
