"""`slackwater drill`: the whole story, or one scenario again and again."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from slackwater.errors import SlackwaterError

if TYPE_CHECKING:
    from slackwater.drill.report import Report

NAMES = ("scale-out", "scale-in", "rollout", "spot", "crash")
MOST = 1000


@click.command()
@click.argument("scenario", required=False, type=click.Choice(NAMES))
@click.option("--times", type=click.IntRange(1, MOST), default=1, show_default=True, help="How often; with SCENARIO.")
@click.option("--rate", type=click.FloatRange(1, 2000), default=50.0, show_default=True, help="Requests a second.")
@click.option("--name", default="drill", show_default=True, help="The drill's own lab, which is removed afterwards.")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Write a picture of it into this file.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def drill(scenario: str | None, *, times: int, rate: float, name: str, svg: Path | None, as_json: bool) -> None:
    """Play a fleet's life on this machine under load, count what is lost, and take everything away again.

    Without SCENARIO it is the whole story: a group is declared and applied, its two instances boot, people come, an
    alarm scales out to four, a release is rolled out, a spot instance is taken back, the group scales in to two, a host
    crashes and is replaced. People send POSTs and GETs on kept connections, 40 ms away, some of 20 s, and WebSockets.

    It needs root, as `slackwater lab` does. Meanwhile `slackwater lab status --name drill` shows its hosts and URL. The
    exit status is 0 only when no request was lost and none was executed twice; POSTs that a crashed host was carrying
    out are told apart.

    \b
    Example:
      slackwater drill --svg drill.svg
      slackwater drill scale-in --times 50 --rate 300 --json
    """
    if times > 1 and scenario is None:
        raise click.UsageError("--times is for one scenario, such as `slackwater drill scale-in --times 50`")
    if svg and not svg.absolute().parent.is_dir():
        raise click.UsageError(f"--svg {svg}: there is no directory {svg.absolute().parent}")
    from slackwater.drill.play import Wish, play
    from slackwater.drill.signals import ended_in_order

    with ended_in_order():
        report = play(Wish(scenario, times, rate, name), Console(stderr=True))
    tell(report, svg=svg, as_json=as_json)
    sys.exit(0 if report.is_good else 1)


def tell(report: Report, *, svg: Path | None, as_json: bool) -> None:
    """The report first: a disk that is full may cost the picture, which is a SlackwaterError, and nothing else."""
    from slackwater.drill.picture import svg as picture
    from slackwater.drill.report import show

    if as_json:
        click.echo(json.dumps(report.document(), indent=2))
    else:
        show(report, Console())
    if svg:
        _write(svg, picture(report))


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SlackwaterError(f"--svg {file} could not be written: {error}") from error
