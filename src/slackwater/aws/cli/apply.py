"""The command `slackwater apply`."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console

from slackwater.aws.apply import apply as carry_out
from slackwater.aws.cli._inventory import errors_for, progress, read, refuse_changed
from slackwater.aws.provision import Look, look
from slackwater.aws.saved import as_json, refuse_stale
from slackwater.aws.table import show
from slackwater.release.options import inventory_options, refuse_unbundled

SAVED = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@inventory_options
@click.option("--plan", "saved", type=SAVED, help="This plan only: refuse when AWS or the declaration has changed.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--json", "for_programs", is_flag=True, help="Print JSON, the result at the end; needs --yes.")
def apply(inventory: str, *, saved: Path | None, yes: bool, for_programs: bool, **more: tuple[str, ...]) -> None:
    """Show what would change in AWS, ask, and change it. When it breaks off, run it again: it goes on from there.

    --data and --group-data are refused: instances read the project in their bundle, where these would not be.

    \b
    Examples:
      slackwater apply inventories/prod.py
      slackwater apply inventories/prod.py --plan prod.plan --yes
    """
    if for_programs and not yes:
        raise click.UsageError("--json needs --yes: a program cannot be asked")
    with errors_for(for_programs):
        refuse_unbundled(**more)
        seen = look(read(inventory, **more))
        if saved:
            refuse_stale(saved, seen.plan, seen.world)
        if for_programs:
            carry_out(seen.plan.calls, seen.clients, lambda text: click.echo(text, err=True))
            click.echo(json.dumps({"ok": True, **as_json(seen.plan)}, indent=2))
        else:
            _for_people(seen, yes)


def _for_people(seen: Look, yes: bool) -> None:
    console = Console()
    show(seen.plan, console)
    if not seen.plan.calls:
        return
    if not yes:
        click.confirm(f"Change {seen.plan.group} in {seen.clients.region}?", abort=True)
        refuse_changed(seen.differences())
    with progress(console) as say:
        carry_out(seen.plan.calls, seen.clients, say)
    console.print(f"{seen.plan.group}: done", style="bold green")
