"""What is said while a rollout runs: lines for people, or one JSON object a line for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

import click

WIDTH = 12
"""Columns for a host's name, so that what follows lines up."""


@dataclass
class Events:
    """With `as_json` every line of stdout is an object: {"at", "host", "said"}, and {"result"} at the end."""

    as_json: bool = False

    def __post_init__(self) -> None:
        self._writing = Lock()

    def say(self, who: str, what: str, color: str | None = None) -> None:
        """`who` is a host, or "" for the fleet."""
        at = datetime.now().astimezone()
        with self._writing:
            if self.as_json:
                click.echo(json.dumps({"at": at.isoformat(timespec="milliseconds"), "host": who or None, "said": what}))
            else:
                click.secho(f"{at:%H:%M:%S}  {who:<{WIDTH}} {what}", fg=color)

    def end(self, result: dict[str, object]) -> None:
        """The last line for a program: what came of it."""
        if self.as_json:
            click.echo(json.dumps({"result": result}))
