"""What every command that speaks of a declared fleet takes: the inventory, and pyinfra's --group-data and --data."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from slackwater.release._declared import declared


def takes_inventory(command: Callable[..., None]) -> Callable[..., None]:
    """The command gets what the inventory declares, and is not called when that has faults."""

    @click.argument("inventory")
    @click.option("--group-data", multiple=True, metavar="DIR", help="One more directory of group data.")
    @click.option("--data", multiple=True, metavar="KEY=VALUE", help="Data for every host, as with pyinfra.")
    @wraps(command)
    def with_inventory(inventory: str, group_data: tuple[str, ...], data: tuple[str, ...], **rest: Any) -> None:
        command(declared(inventory, group_data, data, Path.cwd()), **rest)

    return with_inventory
