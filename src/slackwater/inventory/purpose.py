"""What an inventory is read for: an old list is good enough to check settings with, and none to change hosts by."""

from __future__ import annotations

import os
from collections.abc import Iterator
from enum import Enum
from typing import Any

CHECKS = {"lint", "plan", "apply", "delete", "permissions", "release", "bundle"}
"""Commands of Slackwater's that read the settings of hosts and touch none of them."""
LOOKS = {"status", "watch"}
VARIABLE = "SLACKWATER_PURPOSE"
"""Set by a command for the processes that it has the inventory read by: they have no click to tell."""


class Purpose(Enum):
    """CHECK touches no host, LOOK asks them, ACT changes them."""

    CHECK = "check"
    LOOK = "look"
    ACT = "act"


def purpose() -> Purpose:
    """From the command that runs, pyinfra's own or one of Slackwater's; ACT when that cannot be told."""
    contexts = list(_contexts())
    if not contexts:
        return _handed_on()
    if CHECKS & {context.command.name for context in contexts}:
        return Purpose.CHECK
    if LOOKS & {context.command.name for context in contexts} or any(_only_looks(each.params) for each in contexts):
        return Purpose.LOOK
    return Purpose.ACT


def _handed_on() -> Purpose:
    try:
        return Purpose(os.environ.get(VARIABLE, Purpose.ACT.value))
    except ValueError:
        return Purpose.ACT


def _contexts() -> Iterator[Any]:
    """click's, the innermost first. Who reads an inventory without click is neither command."""
    try:
        import click
    except ImportError:
        return
    context = click.get_current_context(silent=True)
    while context is not None:
        yield context
        context = context.parent


def _only_looks(given: dict[str, Any]) -> bool:
    """Of pyinfra's command line."""
    return bool(given.get("dry")) or "debug-inventory" in (given.get("operations") or ())
