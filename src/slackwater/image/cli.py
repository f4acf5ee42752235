"""The command `slackwater image`."""

from __future__ import annotations

import logging
from pathlib import Path

import click
import pyinfra_cli  # noqa: F401  # makes sockets and threads cooperative: before anything opens one

from slackwater.errors import SlackwaterError
from slackwater.image.prepare import Prepared, prepare
from slackwater.release import declared
from slackwater.release.options import inventory_options
from slackwater.rollout.events import Events
from slackwater.rollout.fleet import Fleet


@click.group()
def image() -> None:
    """Images of which instances boot with everything in place.

    \b
    Example:
      slackwater image prepare inventories/image.py builder
    """


@image.command("prepare")
@inventory_options
@click.argument("host")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, the result at the end.")
def prepare_command(
    inventory: str, *, group_data: tuple[str, ...], data: tuple[str, ...], host: str, as_json: bool
) -> None:
    """Bring HOST everything but what serves, then remove all that belongs to this one host: keys, ids, logs.

    Stop it afterwards and make the image of it; docs/images.md has the commands. It cannot be logged in to again.

    \b
    Example:
      slackwater image prepare inventories/image.py builder
    """
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # what fails is told in one line of ours
    events = Events(as_json)
    try:
        found = declared(inventory, group_data, data, Path.cwd())
        fleet = Fleet(found.declaration, found.app, found.fleet, found.releases(), events)
        try:
            _report(prepare(fleet, host), events)
        finally:
            fleet.hosts.close()
    except SlackwaterError as error:
        events.end({"ok": False, "error": str(error)})
        raise


def _report(done: Prepared, events: Events) -> None:
    for what in done.removed:
        events.say(done.host, f"removed: {what}" if "stopped" not in what else what)
    events.say(done.host, "is ready: stop it, then make the image", "green")
    events.end({"ok": True, "host": done.host, "release": done.release, "removed": list(done.removed)})
