"""The words of `slackwater rollout --strategy refresh`, and which of the command's words go with which strategy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import click
from click.core import ParameterSource

from slackwater.aws.refresh.refreshing import EVERY

PERCENT = click.IntRange(1, 100)
LONGEST = 172800
"""Seconds that AWS waits at most at a checkpoint, or after the last instance."""
REFRESH_ONLY = ("checkpoints", "checkpoint_delay", "alarms", "warm_up", "replace_all", "every")
IN_PLACE_ONLY = ("release", "canary", "batch", "arrival", "steal")
GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)

Command = Callable[..., None]


def or_refresh(refresh: Command) -> Callable[[Command], Command]:
    """With `--strategy refresh` the words go to `refresh`, else to the command itself."""

    def decorate(command: Command) -> Command:
        @wraps(command)
        def choose(strategy: str, **words: Any) -> None:
            if strategy == "refresh":
                _refuse(IN_PLACE_ONLY, "in-place")
                _refuse_wish(words["wish"])
                bake = words["bake"] if is_given("bake") else None
                refresh(**{name: words[name] for name in words if name not in IN_PLACE_ONLY} | {"bake": bake})
            else:
                _refuse(REFRESH_ONLY, "refresh")
                command(**{name: words[name] for name in words if name not in REFRESH_ONLY})

        return _with_options(choose)

    return decorate


def is_given(name: str) -> bool:
    """On the command line; defaults are nobody's wish."""
    return click.get_current_context().get_parameter_source(name) in GIVEN


def _refuse(names: Iterable[str], strategy: str) -> None:
    if wrong := [f"--{name.replace('_', '-').removesuffix('s')}" for name in names if is_given(name)]:
        raise click.UsageError(f"{', '.join(wrong)} belongs to --strategy {strategy}")


def _refuse_wish(wish: str | None) -> None:
    if wish in ("pause", "go"):
        raise click.UsageError("a refresh cannot be paused; --checkpoint makes it wait, --cancel brings it back")


def _with_options(command: Command) -> Command:
    options = [
        click.option(
            "--strategy",
            type=click.Choice(["in-place", "refresh"]),
            default="in-place",
            show_default=True,
            help="In place: hosts take a release. Refresh: AWS replaces the instances of the scaling group.",
        ),
        click.option(
            "--checkpoint",
            "checkpoints",
            multiple=True,
            type=PERCENT,
            metavar="PERCENT",
            help="Refresh: wait when so much is replaced; may be given again.",
        ),
        click.option(
            "--checkpoint-delay",
            default=3600,
            type=click.IntRange(0, LONGEST),
            show_default=True,
            metavar="SECONDS",
            help="Refresh: how long.",
        ),
        click.option(
            "--alarm",
            "alarms",
            multiple=True,
            metavar="NAME",
            help="Refresh: go back when this CloudWatch alarm rings; may be given again.",
        ),
        click.option(
            "--warm-up",
            type=click.IntRange(0, LONGEST),
            metavar="SECONDS",
            help="Refresh: until a new instance counts; without it the group's own.",
        ),
        click.option("--replace-all", is_flag=True, help="Refresh: replace instances that are current, too."),
        click.option(
            "--every",
            default=EVERY,
            type=click.FloatRange(0.05),
            show_default=True,
            metavar="SECONDS",
            help="Refresh: between two looks.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command
