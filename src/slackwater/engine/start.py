"""What a project's config.py asks for: settings checked before anyone is connected to, all hosts at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from pyinfra.api.state import MAX_PARALLEL
from pyinfra.context import ctx_state
from pyinfra_cli.util import parse_cli_arg

from slackwater.engine.connection import before_connecting
from slackwater.lint import check


def start(config: Any) -> None:
    """`config` is pyinfra's. Ends the run with every fault of the settings; otherwise all hosts work at once."""
    config.PARALLEL = MAX_PARALLEL
    given = _command_line()
    inventory = Path(str(given.get("inventory", "")))
    if inventory.is_file():
        _refuse_faults(inventory, given)
    state: Any = ctx_state
    if state.isset():
        before_connecting(state.get(), Path.cwd())


def _command_line() -> dict[str, Any]:
    """What pyinfra was called with: config.py is read inside its command, so click knows."""
    context = click.get_current_context(silent=True)
    return dict(context.params) if context else {}


def _refuse_faults(inventory: Path, given: dict[str, Any]) -> None:
    folders = [str(folder) for folder in given.get("group_data") or ()]
    pairs = (pair.split("=", 1) for pair in given.get("data") or ())
    data = {key: parse_cli_arg(value) for key, value in pairs}
    faults = check(str(inventory), folders, data, Path.cwd())
    if faults:
        for fault in faults:
            click.secho(str(fault), fg="red", err=True)
        sys.exit(f"{len(faults)} fault(s) in the settings; no host was touched")
