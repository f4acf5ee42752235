"""The command `slackwater release`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from slackwater.errors import ReleaseError
from slackwater.release import Declared, Proved, _table
from slackwater.release.options import takes_inventory


@click.group()
def release() -> None:
    """Immutable releases of the app, in the release store.

    \b
    Example:
      slackwater release build inventories/prod.py --id 2026-11-21.1
      slackwater release list inventories/prod.py
    """


@release.command()
@takes_inventory
@click.option("--id", "name", help="Its name, which means one archive for ever; after its source without one.")
@click.option("--wheels", is_flag=True, help="Put every dependency's wheel into it: hosts then need no package index.")
@click.option("--json", "as_json", is_flag=True, help="Print its manifest as JSON.")
def build(found: Declared, name: str | None, wheels: bool, as_json: bool) -> None:
    """Build a release of the app's present source, unless it is there already. No host is touched.

    \b
    Example:
      slackwater release build inventories/prod.py --id 2026-11-21.1
    """
    built = found.releases().build(found.app, id=name, wheels=wheels, say=_say)
    if as_json:
        click.echo(json.dumps({**asdict(built.manifest), "archive": str(built.archive)}, indent=2))
    else:
        click.echo(f"{built.manifest.app} {built.id}: {_table.size(built.manifest.size)}, sha256 {built.sha256}")


@release.command(name="list")
@takes_inventory
@click.option("--json", "as_json", is_flag=True, help="Print the manifests as JSON.")
def list_(found: Declared, as_json: bool) -> None:
    """Show the app's releases, newest first, and which is proved in which fleet; the inventory's own has a `*`.

    \b
    Example:
      slackwater release list inventories/prod.py
    """
    releases, app = found.releases(), found.app.name
    manifests, proved = releases.manifests(app), releases.proved_of_all(app)
    for fleet, release in _table.lost(manifests, proved).items():
        _say(f"fleet {fleet}: its proved release {release} is not in {releases.files.name}")
    if as_json:
        click.echo(_table.as_json(manifests, proved, found.fleet))
    elif manifests:
        click.echo(_table.table(manifests, proved, found.fleet))
    else:
        click.echo(f"{releases.files.name} has no release of {app} yet: slackwater release build", err=True)


@release.command()
@takes_inventory
@click.argument("name", metavar="ID")
def prove(found: Declared, name: str) -> None:
    """Name the release that a new fleet of instances begins with; they build nothing themselves.

    Refused once one is proved: the next is proved by `slackwater rollout`. An instance that cannot serve it does not
    come into service.

    \b
    Example:
      slackwater release prove inventories/prod.py 2026-11-21.1
    """
    releases, app = found.releases(), found.app.name
    if there := releases.proved(app, found.fleet):
        raise ReleaseError(f"fleet {found.fleet}: {there.release} is proved already; go on with `slackwater rollout`")
    releases.prove(app, found.fleet, Proved.here(releases.get(app, name)))
    click.echo(f"fleet {found.fleet}: {app} {name} is proved")


def _say(text: str) -> None:
    click.echo(text, err=True)
