"""What every command that speaks of a declared fleet takes: the inventory, and pyinfra's --group-data and --data."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from slackwater.release._declared import declared


def inventory_options(command: Callable[..., None]) -> Callable[..., None]:
    """`inventory`, `group_data` and `data`, as the words they are."""
    options = [
        click.argument("inventory"),
        click.option("--group-data", multiple=True, metavar="DIR", help="One more directory of group data."),
        click.option("--data", multiple=True, metavar="KEY=VALUE", help="Data for every host, as with pyinfra."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def takes_inventory(command: Callable[..., None]) -> Callable[..., None]:
    """The command gets what the inventory declares, and is not called when that has faults."""

    @inventory_options
    @wraps(command)
    def with_inventory(inventory: str, group_data: tuple[str, ...], data: tuple[str, ...], **rest: Any) -> None:
        command(declared(inventory, group_data, data, Path.cwd()), **rest)

    return with_inventory
