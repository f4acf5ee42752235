"""The command `slackwater plan`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from slackwater.aws.cli._inventory import errors_for, read
from slackwater.aws.provision import look
from slackwater.aws.saved import as_json, save
from slackwater.aws.table import show
from slackwater.release.options import inventory_options, refuse_unbundled

CHANGES = 2
"""The exit status of a plan that would change something; 1 is an error, as everywhere."""


class WrongWords(click.UsageError):
    """An error like any other."""

    exit_code = 1


class ErrorsAreOne(click.Command):
    """click ends wrong words with 2, which here would say that something would change."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        with _as_an_error():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _as_an_error():
            return super().invoke(ctx)


@contextmanager
def _as_an_error() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        raise WrongWords(error.message, error.ctx) from error


@click.command(cls=ErrorsAreOne)
@inventory_options
@click.option("--json", "for_programs", is_flag=True, help="Print the plan as JSON.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Save it for `slackwater apply --plan`.")
def plan(inventory: str, *, for_programs: bool, out: Path | None, **more: tuple[str, ...]) -> None:
    """Show what would change in AWS, call by call, and why. Nothing is changed.

    The exit status is 0 when nothing would change, 2 when something would, 1 on an error.

    --data and --group-data are refused: instances read the project in their bundle, where these would not be.

    \b
    Examples:
      slackwater plan inventories/prod.py
      slackwater plan inventories/prod.py --out prod.plan
    """
    with errors_for(for_programs):
        refuse_unbundled(**more)
        seen = look(read(inventory, **more))
        if out:
            save(out, seen.plan, seen.world)
    if for_programs:
        click.echo(json.dumps(as_json(seen.plan), indent=2))
    else:
        show(seen.plan, Console())
    raise SystemExit(CHANGES if seen.plan.calls else 0)
