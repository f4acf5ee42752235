"""`slackwater lab cloud`: the lab's cloud in the background."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from slackwater.errors import LabError
from slackwater.lab.cloud.background import Kind, running
from slackwater.lab.cloud.background import down as end
from slackwater.lab.cloud.background import up as begin
from slackwater.lab.cloud.desk import pull
from slackwater.lab.cloud.machines.vagrant import pool
from slackwater.lab.fleet import Lab
from slackwater.lab.image import SUITES
from slackwater.lab.inventory import VARIABLE
from slackwater.lab.places import CLOUD, cloud_directory
from slackwater.lab.progress import Progress

LAB, ACTIONS, NOTICE = "cloud", ("terminate", "stop"), 120.0

PROGRESS = Progress(lambda text: click.echo(text, err=True))
VAGRANTFILE = click.Path(path_type=Path, exists=True, file_okay=False)

F = TypeVar("F", bound=Callable[..., Any])


def directory_option(command: F) -> F:
    kind = click.Path(path_type=Path, file_okay=False)
    shown = f"{CLOUD}; without root ~/.local/state/slackwater/cloud"
    words = "Where its record and log are; another directory is another cloud."
    return click.option("--directory", type=kind, default=cloud_directory, show_default=shown, help=words)(command)


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
@click.option("--lifecycle", is_flag=True, help="Hooks and target groups hold instances, as on AWS.")
@click.option("--hosts", is_flag=True, help="Instances are hosts of a lab that boot with their user-data; needs root.")
@click.option("--name", envvar=VARIABLE, default=LAB, show_default=True, show_envvar=True, help="The lab of --hosts.")
@click.option("--suite", type=click.Choice(SUITES), default=SUITES[0], show_default=True, help="Of --hosts.")
@click.option("--vagrant", type=VAGRANTFILE, help="Instances are the VMs `instance-…` of the Vagrantfile there.")
@click.option("--json", "as_json", is_flag=True, help="Print the endpoint as JSON.")
def up(directory: Path, port: int, as_json: bool, **wanted: Any) -> None:
    """Start the cloud in the background; one that is there already stays as it is; of the other kind, it is refused.

    Standard output is its endpoint. It asks for no real keys, and none should be near it. With --hosts it listens where
    the lab's hosts reach it, hooks hold instances, and `slackwater lab status` shows them beside the lab's other hosts.
    With --vagrant it listens where the VMs reach it; one that has been an instance is destroyed and made anew.

    \b
    Example:
      slackwater lab cloud up --json
      export AWS_ENDPOINT_URL=$(slackwater lab cloud up)
      slackwater lab cloud up --hosts --name prod
      slackwater lab cloud up --vagrant vagrant
    """
    record, started = begin(directory, port=port, kind=_kind(**wanted))
    click.echo(f"cloud: {'started' if started else 'is there already'}, process {record.pid}", err=True)
    click.echo(json.dumps({"endpoint": record.endpoint}) if as_json else record.endpoint)


@cloud.command()
@directory_option
def down(directory: Path) -> None:
    """End the cloud; what was made in it is gone, its instances' hosts too; VMs that were instances are made anew.

    What Vagrant has begun is waited for, and a line says so: a launch that is under way may take minutes.

    \b
    Example:
      slackwater lab cloud down
    """
    click.echo("cloud: removed" if end(directory, PROGRESS) else "cloud: nothing to do", err=True)


@cloud.command()
@click.argument("instance")
@directory_option
@click.option("--action", type=click.Choice(ACTIONS), default=ACTIONS[0], show_default=True)
@click.option("--seconds", default=NOTICE, show_default=True, help="From the notice to the end.")
def interrupt(instance: str, directory: Path, action: str, seconds: float) -> None:
    """Tell an instance that it will be interrupted, as EC2 tells a spot instance, and end it then.

    \b
    Example:
      slackwater lab cloud interrupt i-0123456789abcdef0
    """
    pull(_endpoint(directory), "interrupt", instance=instance, action=action, seconds=seconds)


@cloud.command()
@click.argument("instance")
@directory_option
def rebalance(instance: str, directory: Path) -> None:
    """Tell an instance that it is at risk of being interrupted.

    \b
    Example:
      slackwater lab cloud rebalance i-0123456789abcdef0
    """
    pull(_endpoint(directory), "recommend_rebalance", instance=instance)


def _endpoint(directory: Path) -> str:
    record = running(directory)
    if record is None:
        raise LabError("There is no cloud: `slackwater lab cloud up` starts one")
    return record.endpoint


def _kind(lifecycle: bool, hosts: bool, vagrant: Path | None, **of_hosts: str) -> Kind:
    if hosts and vagrant:
        raise click.UsageError("--hosts and --vagrant: instances are either the one or the other")
    if vagrant:
        return _of_vms(vagrant.resolve())
    return _of_hosts(**of_hosts) if hosts else Kind(lifecycle)


def _of_vms(place: Path) -> Kind:
    """Which VMs are up is looked at here, where somebody reads what is missing."""
    pool(place)
    return Kind(lifecycle=True, vagrant=str(place))


def _of_hosts(name: str, suite: str) -> Kind:
    """The image is made here, where somebody sees why it takes a while."""
    image = Lab(name).cloud_image(suite, PROGRESS)
    return Kind(lifecycle=True, lab=name, image=image, suite=suite)
