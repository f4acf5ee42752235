"""The command `slackwater permissions`."""

from __future__ import annotations

import json
from contextlib import suppress

import click

from slackwater.aws.cli._inventory import read
from slackwater.aws.clients import Clients
from slackwater.aws.permissions import ROLES, Subject
from slackwater.aws.permissions import permissions as document
from slackwater.errors import CloudError
from slackwater.release.options import inventory_options

ANY = "*"


@click.command()
@inventory_options
@click.option("--for", "who", type=click.Choice(list(ROLES)), required=True, help="Whose permissions.")
@click.option("--account", metavar="NUMBER", help="The account's number; without it AWS is asked, else it is '*'.")
@click.option("--role", metavar="NAME", help="The role in the instance profile, if its name is not the profile's.")
def permissions(inventory: str, *, who: str, account: str | None, role: str | None, **more: tuple[str, ...]) -> None:
    """Print the IAM policy document of one role: what it needs for this inventory, and no more.

    \b
    Examples:
      slackwater permissions inventories/prod.py --for operator
      slackwater permissions inventories/prod.py --for instance --account 123456789012
    """
    told = read(inventory, **more)
    instance = told.instance
    number = account or _account(told.clients())
    told_of = (instance.store, instance.app, instance.fleet, told.environment)
    about = Subject(told.group, *told_of, number, role, instance.logs, told.login)
    click.echo(json.dumps(document(who, about), indent=2))


def _account(clients: Clients) -> str:
    """Whoever writes policies may have no credentials at hand."""
    with suppress(CloudError):
        return str(clients.ask("sts", "get_caller_identity")["Account"])
    return ANY
