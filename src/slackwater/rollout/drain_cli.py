"""The commands `slackwater drain` and `slackwater undrain`."""

from __future__ import annotations

import getpass
import socket

import click

from slackwater.rollout.cli import of_a_fleet
from slackwater.rollout.fleet import Fleet
from slackwater.rollout.leaving import Leaving


@click.command()
@of_a_fleet
@click.argument("hosts", nargs=-1, required=True, metavar="HOST...")
@click.option("--reason", default="", metavar="TEXT", help="Why; stands in the status until the host is back.")
@click.option("--last", is_flag=True, help="Although no other app host would be left that serves and is healthy.")
def drain(fleet: Fleet, *, hosts: tuple[str, ...], reason: str, last: bool) -> None:
    """Take hosts out: no new requests, those in flight finished, then the app stopped. They stay out over a reboot.

    The exit status is 0 when all of them are out. None is told when one of them could not follow. Interrupted, the
    hosts go on; `slackwater status` shows them.

    \b
    Example:
      slackwater drain inventories/prod.py app-2 --reason "new kernel"
    """
    leaving = Leaving(fleet, hosts)
    leaving.check(keeps_one=not last)
    found = leaving.drain(f"{getpass.getuser()}@{socket.gethostname()}", reason)
    for name in hosts:
        fleet.events.say(name, "out of traffic, its app stopped", "green")
    fleet.events.end({"ok": True, "hosts": {name: dict(said) for name, said in found.items()}})


@click.command()
@of_a_fleet
@click.argument("hosts", nargs=-1, required=True, metavar="HOST...")
def undrain(fleet: Fleet, *, hosts: tuple[str, ...]) -> None:
    """Put hosts back that were taken out: their app is started, then they are in traffic again.

    The exit status is 0 when all of them serve and the balancers see them healthy. A host that its scaling group takes
    out stays out.

    \b
    Example:
      slackwater undrain inventories/prod.py app-2
    """
    leaving = Leaving(fleet, hosts)
    leaving.check(keeps_one=False)
    found = leaving.undrain()
    for name in hosts:
        fleet.events.say(name, "serves again", "green")
    fleet.events.end({"ok": True, "hosts": {name: dict(said) for name, said in found.items()}})
