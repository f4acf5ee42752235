"""The command `slackwater delete`."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import click
from rich.console import Console

from slackwater.aws.apply import apply as carry_out
from slackwater.aws.cli._inventory import errors_for, progress, read, refuse_changed
from slackwater.aws.clients import Clients
from slackwater.aws.delete import delete_notes, plan_delete
from slackwater.aws.former import delete_former, kept_notes
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
@click.option("--former", is_flag=True, help="Only load balancers and target groups that are no longer declared.")
@click.option("--yes", is_flag=True, help="Do not ask for the name: GROUP was it.")
@click.option("--json", "for_programs", is_flag=True, help="Print JSON, the result at the end; needs --yes.")
def delete(
    inventory: str,
    *,
    group: str,
    force: bool,
    former: bool,
    yes: bool,
    for_programs: bool,
    **more: tuple[str, ...],
) -> None:
    """Delete GROUP with all that was made for it, once its instances have drained. What others made stays.

    With --former the group stays, and only what was declared for it before goes: see that nobody comes through it.

    \b
    Examples:
      slackwater delete inventories/staging.py shop-staging
      slackwater delete inventories/prod.py shop --former
    """
    if for_programs and not yes:
        raise click.UsageError("--json needs --yes: a program cannot be asked")
    if former and force:
        raise click.UsageError("--former ends no instances: there is nothing to force")
    with errors_for(for_programs):
        found = _look(inventory, group, more)
        seen = found.with_former() if former else found.with_all(force)
        if for_programs:
            carry_out(seen.plan.calls, seen.clients, lambda text: click.echo(text, err=True))
            click.echo(json.dumps({"ok": True, **as_json(seen.plan)}, indent=2))
        else:
            _for_people(seen, yes, "what it no longer declares" if former else "it")


@dataclass(frozen=True)
class Look:
    """A deletion, what it was made of, and the clients that may carry it out."""

    clients: Clients
    group: ScalingGroup
    world: World
    plan: Plan

    def with_all(self, force: bool) -> Look:
        calls, notes = plan_delete(self.group, self.world, force=force), delete_notes(self.group, self.world)
        return replace(self, plan=Plan(self.group.name, tuple(calls), tuple(notes)))

    def with_former(self) -> Look:
        calls, notes = delete_former(self.world.former), kept_notes(self.world.former)
        return replace(self, plan=Plan(self.group.name, tuple(calls), tuple(notes)))

    def differences(self) -> list[str]:
        now = observe(self.clients, self.group, None, with_image=False)
        return now.differences(self.world.fingerprints())


def _look(inventory: str, name: str, more: dict[str, tuple[str, ...]]) -> Look:
    """Nothing is planned yet."""
    what = read(inventory, **more)
    if name != what.group.name:
        raise SettingsError(f"{inventory} declares the group {what.group.name}, not {name}; nothing was deleted")
    clients = what.clients()
    world = observe(clients, what.group, None, with_image=False)
    return Look(clients, what.group, world, Plan(name, ()))


def _for_people(seen: Look, yes: bool, what: str) -> None:
    console, name = Console(), seen.group.name
    show(seen.plan, console)
    if not seen.plan.calls:
        return
    if not yes:
        if click.prompt(f"Type {name} to delete {what} in {seen.clients.region}") != name:
            raise SettingsError("that is another name; nothing was deleted")
        refuse_changed(seen.differences())
    with progress(console) as say:
        carry_out(seen.plan.calls, seen.clients, say)
    console.print(f"{name}: deleted", style="bold green")
