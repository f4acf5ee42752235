"""What these commands share: an inventory's cloud host that has passed lint, errors for programs, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from slackwater.aws.provision import CLOUD, Told, told
from slackwater.errors import CloudError, SettingsError, SlackwaterError


def read(inventory: str, group_data: tuple[str, ...], data: tuple[str, ...]) -> Told:
    """Lint comes first: a declaration with faults asks AWS nothing."""
    from slackwater.lint import inspect
    from slackwater.lint.loading import inventory_of
    from slackwater.lint.words import told as words

    declaration = words(inventory, group_data, data, Path.cwd())
    if faults := inspect(declaration).faults:
        raise SettingsError("\n".join(fault.message for fault in faults))
    found = inventory_of(declaration)
    hosts = found.get_group(CLOUD, default=[])
    if len(hosts) != 1:
        raise SettingsError(f'{inventory} must have one host of the group {CLOUD}: `{CLOUD} = ["@local"]`')
    return told(found, hosts[0], declaration.project)


def refuse_changed(parts: Sequence[str]) -> None:
    """While a person thinks the world moves on: what was shown must still be what is done."""
    if parts:
        raise CloudError(
            f"AWS holds something else than what was shown ({', '.join(parts)}). Nothing was changed: run it again"
        )


@contextmanager
def errors_for(as_json: bool) -> Iterator[None]:
    """A program gets a result whatever happens."""
    try:
        yield
    except SlackwaterError as error:
        if as_json:
            click.echo(json.dumps({"ok": False, "error": str(error)}, indent=2))
        raise


@contextmanager
def progress(console: Console) -> Iterator[Callable[[str], None]]:
    """Each step is a line; what is waited for stands on the last one, and in a log on lines of its own."""
    with console.status("…") as status:

        def say(text: str) -> None:
            status.update(text)
            if not (text.startswith("…") and console.is_terminal):
                console.print(text, soft_wrap=True, markup=False, highlight=False)

        yield say
