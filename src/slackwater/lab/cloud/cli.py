"""`slackwater lab cloud`: the lab's cloud in the background."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from slackwater.lab.cloud.background import HOME
from slackwater.lab.cloud.background import down as end
from slackwater.lab.cloud.background import up as begin

F = TypeVar("F", bound=Callable[..., Any])


def directory_option(command: F) -> F:
    kind = click.Path(path_type=Path, file_okay=False)
    words = "Where its record and log are; another directory is another cloud."
    return click.option("--directory", type=kind, default=HOME, show_default=True, help=words)(command)


@click.group()
def cloud() -> None:
    """An AWS that is on this machine only: EC2, Auto Scaling, load balancers, S3 and parameters.

    \b
    Example:
      slackwater lab cloud up
      slackwater lab cloud down
    """


@cloud.command()
@directory_option
@click.option("--port", default=0, show_default=True, help="On 127.0.0.1; 0 takes a free one.")
@click.option("--lifecycle", is_flag=True, help="Lifecycle hooks hold instances, as on AWS.")
@click.option("--json", "as_json", is_flag=True, help="Print the endpoint as JSON.")
def up(directory: Path, port: int, lifecycle: bool, as_json: bool) -> None:
    """Start the cloud in the background; one that is there already stays as it is; of the other kind, it is refused.

    Standard output is its endpoint. It asks for no real keys, and none should be near it.

    \b
    Example:
      slackwater lab cloud up --json
      export AWS_ENDPOINT_URL=$(slackwater lab cloud up)
    """
    record, started = begin(directory, port=port, lifecycle=lifecycle)
    click.echo(f"cloud: {'started' if started else 'is there already'}, process {record.pid}", err=True)
    click.echo(json.dumps({"endpoint": record.endpoint}) if as_json else record.endpoint)


@cloud.command()
@directory_option
def down(directory: Path) -> None:
    """End the cloud; what was made in it is gone.

    \b
    Example:
      slackwater lab cloud down
    """
    click.echo("cloud: removed" if end(directory) else "cloud: nothing to do", err=True)
