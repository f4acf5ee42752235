"""The command `slackwater delete`."""

from __future__ import annotations

import json
from dataclasses import dataclass

import click
from rich.console import Console

from slackwater.aws.apply import apply as carry_out
from slackwater.aws.cli._inventory import errors_for, progress, read, refuse_changed
from slackwater.aws.clients import Clients
from slackwater.aws.delete import delete_notes, plan_delete
from slackwater.aws.plan import Plan
from slackwater.aws.saved import as_json
from slackwater.aws.table import show
from slackwater.aws.world import World, observe
from slackwater.errors import SettingsError
from slackwater.release.options import inventory_options
from slackwater.settings import ScalingGroup


@click.command()
@inventory_options
@click.argument("group")
@click.option("--force", is_flag=True, help="End the instances at once, without their hooks: requests are lost.")
@click.option("--yes", is_flag=True, help="Do not ask for the name: GROUP was it.")
@click.option("--json", "for_programs", is_flag=True, help="Print JSON, the result at the end; needs --yes.")
def delete(inventory: str, *, group: str, force: bool, yes: bool, for_programs: bool, **more: tuple[str, ...]) -> None:
    """Delete GROUP with all that was made for it, once its instances have drained. What others made stays.

    \b
    Example:
      slackwater delete inventories/staging.py shop-staging
    """
    if for_programs and not yes:
        raise click.UsageError("--json needs --yes: a program cannot be asked")
    with errors_for(for_programs):
        seen = _look(inventory, group, force, more)
        if for_programs:
            carry_out(seen.plan.calls, seen.clients, lambda text: click.echo(text, err=True))
            click.echo(json.dumps({"ok": True, **as_json(seen.plan)}, indent=2))
        else:
            _for_people(seen, yes)


@dataclass(frozen=True)
class Look:
    """A deletion, what it was made of, and the clients that may carry it out."""

    clients: Clients
    group: ScalingGroup
    world: World
    plan: Plan

    def differences(self) -> list[str]:
        now = observe(self.clients, self.group, None, with_image=False)
        return now.differences(self.world.fingerprints())


def _look(inventory: str, name: str, force: bool, more: dict[str, tuple[str, ...]]) -> Look:
    what = read(inventory, **more)
    if name != what.group.name:
        raise SettingsError(f"{inventory} declares the group {what.group.name}, not {name}; nothing was deleted")
    clients = what.clients()
    world = observe(clients, what.group, None, with_image=False)
    calls, notes = plan_delete(what.group, world, force=force), delete_notes(what.group, world)
    return Look(clients, what.group, world, Plan(name, tuple(calls), tuple(notes)))


def _for_people(seen: Look, yes: bool) -> None:
    console, name = Console(), seen.group.name
    show(seen.plan, console)
    if not seen.plan.calls:
        return
    if not yes:
        if click.prompt(f"Type {name} to delete it in {seen.clients.region}") != name:
            raise SettingsError("that is another name; nothing was deleted")
        refuse_changed(seen.differences())
    with progress(console) as say:
        carry_out(seen.plan.calls, seen.clients, say)
    console.print(f"{name}: deleted", style="bold green")
