"""`slackwater lab`: a fleet of real hosts on this machine, by hand."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable
from typing import Any, Literal, NoReturn, TypeVar

import click

from slackwater.lab._run import environment
from slackwater.lab.addressing import GROUPS
from slackwater.lab.cloud.cli import cloud
from slackwater.lab.fleet import Lab
from slackwater.lab.host import HostState
from slackwater.lab.image import SUITES
from slackwater.lab.inventory import DEFAULT_NAME, VARIABLE
from slackwater.lab.places import PLACES
from slackwater.lab.progress import Progress
from slackwater.lab.records import found
from slackwater.lab.status import status as status_of
from slackwater.lab.status import table
from slackwater.lab.wishes import FIRST_FLEET, Wishes

F = TypeVar("F", bound=Callable[..., Any])
PROGRESS = Progress(lambda text: click.echo(text, err=True))


def name_option(command: F) -> F:
    return click.option("--name", envvar=VARIABLE, default=DEFAULT_NAME, show_default=True, show_envvar=True)(command)


def pairs(_: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """HOST=VALUE words as a mapping."""
    if wrong := [value for value in values if not all(value.partition("="))]:
        raise click.BadParameter(f"{wrong[0]!r} is not HOST=VALUE, such as app-2=...", param=parameter)
    return {host: value for host, _, value in (value.partition("=") for value in values)}


@click.group()
def lab() -> None:
    """Real systemd machines on this machine: a fleet to try, break and test on.

    \b
    Example:
      slackwater lab up --app 3
      slackwater lab ssh app-1 -- uname -a
      slackwater lab down
    """


@lab.command()
@name_option
@click.option("--app", type=int, help=f"App hosts; {FIRST_FLEET['app']} in a new lab.")
@click.option("--balancer", type=int, help=f"Balancers; {FIRST_FLEET['balancer']} in a new lab.")
@click.option("--worker", type=int, help=f"Workers; {FIRST_FLEET['worker']} in a new lab.")
@click.option("--cache", type=int, help=f"Hosts with Redis; {FIRST_FLEET['cache']} in a new lab.")
@click.option("--suite", type=click.Choice(SUITES), default=SUITES[0], show_default=True, help="Of new hosts.")
@click.option("--suite-of", multiple=True, callback=pairs, metavar="HOST=SUITE", help="Of one new host.")
@click.option("--small-disk", multiple=True, callback=pairs, metavar="HOST=SIZE", help="300M: a disk that fills up.")
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
def up(
    name: str, suite: str, suite_of: dict[str, str], small_disk: dict[str, str], as_json: bool, **counts: Any
) -> None:
    """Make what is missing of a lab and start what is off; what is there stays.

    Call it again with a larger number to grow the lab. It removes nothing: `down HOST` does.

    \b
    Example:
      slackwater lab up --app 6 --suite-of app-2=trixie --small-disk app-3=300M
    """
    asked = {group: counts[group] for group in GROUPS if counts[group] is not None}
    Lab(name).up(Wishes(asked, suite, suite_of, small_disk), PROGRESS)
    show(name, as_json)


@lab.command()
@name_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def status(name: str, as_json: bool) -> None:
    """Show the URL and each host's group, address, system and state.

    \b
    Example:
      slackwater lab status --json
    """
    show(name, as_json)


def show(name: str, as_json: bool) -> None:
    seen = status_of(Lab(name))
    click.echo(json.dumps(seen, indent=2) if as_json else table(seen))


@lab.command()
@click.argument("host")
@name_option
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines.")
@click.option("-n", "--lines", type=int, default=100, show_default=True, help="How many of the last lines.")
@click.option("--unit", metavar="UNIT", help="Of one systemd unit.")
def logs(host: str, name: str, follow: bool, lines: int, unit: str | None) -> None:
    """Show a host's journal; of a host that does not answer, what its console said.

    \b
    Example:
      slackwater lab logs app-1 --unit nginx -f
    """
    machine = Lab(name).host(host)
    tail = ["-n", str(lines), *(["-f"] if follow else [])]
    if machine.state() is not HostState.RUNNING:
        click.echo(f"{host} is {machine.state().value}; this is its console, {machine.console}", err=True)
        become(["tail", *tail, str(machine.console)])
    journal = ["journalctl", "--no-pager", *tail, *(["-u", unit] if unit else [])]
    become([*machine.ssh_command(), shlex.join(journal)])


@lab.command()
@click.argument("hosts", nargs=-1, metavar="[HOST]...")
@name_option
@click.option("--all", "every", is_flag=True, help="Every lab of this machine.")
def down(hosts: tuple[str, ...], name: str, every: bool) -> None:
    """Remove a lab and all that belongs to it; with hosts, only those.

    \b
    Example:
      slackwater lab down
      slackwater lab down app-3
    """
    if hosts:
        return Lab(name).remove(hosts, PROGRESS)
    names = [directory.name for directory in found(PLACES.labs)] if every else [name]
    for each in names:
        click.echo(f"lab {each!r}: removed" if Lab(each).down() else f"lab {each!r}: nothing to do", err=True)
    if not names:
        click.echo("no labs: nothing to do", err=True)
    return None


@lab.command()
@click.argument("host")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@name_option
def ssh(host: str, command: tuple[str, ...], name: str) -> None:
    """Run COMMAND, its words joined by spaces, in a host's shell as root, and end with its exit status.

    Without a command it is an interactive shell. Input and output are passed through.

    \b
    Example:
      slackwater lab ssh app-1 -- systemctl status nginx
    """
    words = Lab(name).host(host).ssh_command()
    become([*words, " ".join(command)] if command else words)


@lab.command("power-cut")
@click.argument("host")
@name_option
def power_cut(host: str, name: str) -> None:
    """Pull a host's plug: nothing on it gets to say goodbye; the disk stays.

    \b
    Example:
      slackwater lab power-cut app-1
    """
    Lab(name).host(host).power_cut()
    click.echo(f"{host}: off", err=True)


@lab.command()
@click.argument("host")
@name_option
def start(host: str, name: str) -> None:
    """Power on a host that is off and wait until it has booted: same disk, same address.

    \b
    Example:
      slackwater lab start app-1
    """
    machine = Lab(name).host(host)
    with PROGRESS.step(f"{host}: booting"):
        machine.start()
        machine.wait_until_ready()


@lab.command()
@click.argument("host")
@name_option
def reboot(host: str, name: str) -> None:
    """Restart a host as its own `reboot` does, and wait until it has booted.

    \b
    Example:
      slackwater lab reboot app-1
    """
    machine = Lab(name).host(host)
    with PROGRESS.step(f"{host}: rebooting"):
        machine.reboot()
        machine.wait_until_ready()


@lab.command()
@click.argument("host")
@click.argument("to", type=click.Choice(("off", "on")))
@name_option
def network(host: str, to: Literal["off", "on"], name: str) -> None:
    """Pull a host's network cable, or plug it in again.

    \b
    Example:
      slackwater lab network app-1 off
    """
    Lab(name).host(host).network(to)
    click.echo(f"{host}: network {to}", err=True)


@lab.command()
@click.argument("url")
@click.option("--rate", default=300.0, show_default=True, help="Requests a second.")
@click.option("--seconds", default=10.0, show_default=True, help="For how long.")
@click.option("--posts", default=0.5, show_default=True, help="The share of POSTs, 0 to 1.")
@click.option("--keepalive", default=0.5, show_default=True, help="The share on kept connections, 0 to 1.")
@click.option("--rtt", default=0.0, show_default=True, help="Milliseconds that the client plays to be away.")
@click.option("--long", default=0.0, show_default=True, help="The share that takes --long-ms, 0 to 1.")
@click.option("--long-ms", default=35_000, show_default=True, help="Longer than the graceful timeout.")
@click.option("--websockets", default=0, show_default=True, help="Clients that keep a WebSocket open.")
@click.option("--path", default="/slow", show_default=True, help="Of the requests; it is asked with ?ms=N.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def load(url: str, rtt: float, as_json: bool, **options: Any) -> None:
    """Send requests that are never retried to a fleet of your own, and count what is lost.

    The exit status is 1 when a request was lost or got another's answer, or a WebSocket was cut without a close frame.

    \b
    Example:
      slackwater lab load http://10.77.0.211/ --rate 300 --seconds 10 --rtt 40 --websockets 10
    """
    from slackwater.lab.load import Load, run

    result = run(Load(url, rtt=rtt / 1000, **options))
    summary = result.summary()
    lines = (f"{name}: {json.dumps(value)}" for name, value in summary.items())
    click.echo(json.dumps(summary, indent=2) if as_json else "\n".join(lines))
    sys.exit(0 if result.is_clean else 1)


lab.add_command(cloud)


def become(command: list[str]) -> NoReturn:
    """The other program takes our place: input, output, signals and exit status are its own."""
    sys.stdout.flush()
    os.execvpe(command[0], command, environment())  # noqa: S606 - no shell is wanted here
