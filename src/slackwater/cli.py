"""The command `slackwater`: each subcommand lives in the room it speaks for and is imported when it is asked for."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from slackwater.errors import SlackwaterError

COMMANDS = {
    "apply": "slackwater.aws.cli.apply:apply",
    "bundle": "slackwater.bundle.cli:bundle",
    "delete": "slackwater.aws.cli.delete:delete",
    "drain": "slackwater.rollout.drain_cli:drain",
    "drill": "slackwater.drill.cli:drill",
    "image": "slackwater.image.cli:image",
    "init": "slackwater.init:command",
    "lab": "slackwater.lab.cli:lab",
    "lint": "slackwater.lint:command",
    "logs": "slackwater.logs.cli:logs",
    "permissions": "slackwater.aws.cli.permissions:permissions",
    "plan": "slackwater.aws.cli.plan:plan",
    "release": "slackwater.release.cli:release",
    "rollback": "slackwater.rollout.cli:rollback",
    "rollout": "slackwater.rollout.cli:rollout",
    "status": "slackwater.rollout.cli:status",
    "undrain": "slackwater.rollout.drain_cli:undrain",
    "watch": "slackwater.aws.breaker.cli:watch",
}


class LazyGroup(click.Group):
    """Imports a subcommand only when it is named, so that `slackwater --help` costs nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="slackwater")
def cli() -> None:
    """A Python web app on autoscaling VMs, and not one request lost when VMs come and go.

    \b
    Example:
      slackwater lab up
      pyinfra inventories/local.py deploy.py -y
      slackwater lab status
    """


def main() -> None:
    """Runs the command; a SlackwaterError ends in its own sentence and exit status 1, never in a traceback."""
    try:
        cli()
    except SlackwaterError as error:
        click.secho(str(error), fg="red", err=True)
        sys.exit(1)
