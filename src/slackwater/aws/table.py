"""A plan as people read it: what would be called, and why; in colour where the terminal has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from slackwater.aws.call import Call
from slackwater.aws.plan import Plan
from slackwater.aws.saved import plain

NEW, CHANGE, END = ("+", "green"), ("~", "yellow"), ("-", "red")
ENDS = ("delete", "detach", "deregister")
WIDEST = 110
"""Characters of one argument: a list of fifty subnets would hide the next line."""


def show(plan: Plan, console: Console) -> None:
    for call in plan.calls:
        for line in _lines(call):
            console.print(line, soft_wrap=True)
    for note in plan.notes:
        console.print(Text(f"  note: {note}", style="cyan"), soft_wrap=True)
    console.print(Text(plan.summary, style="bold" if plan.calls else "bold green"), soft_wrap=True)


def _lines(call: Call) -> Iterator[Text]:
    """What is new is told with what it shall be; of what differs the reason says all."""
    sign, style = NEW if call.reason == "new" else END if call.method.startswith(ENDS) else CHANGE
    yield Text.assemble((f"{sign} {call.service} {call.method}", f"bold {style}"), (f"  {call.reason}", style))
    if call.reason == "new":
        yield from (Text(line, style="dim") for line in _arguments(plain(call.arguments), "      "))


def _arguments(arguments: Mapping[str, Any], indent: str) -> Iterator[str]:
    """One a line; what is too long for one has its parts on lines of their own."""
    for key, value in arguments.items():
        text = _words(value)
        if len(text) > WIDEST and isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _arguments(value, indent + "  ")
        else:
            yield f"{indent}{key}: {text if len(text) <= WIDEST else text[: WIDEST - 1] + '…'}"


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_words(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_words(one) for one in value) + "]"
    return str(value)
