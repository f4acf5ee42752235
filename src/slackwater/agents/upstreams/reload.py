"""Root's part where nginx lacks the Lua module: makes nginx's file of the members, tests it, reloads nginx.

What nginx reads as configuration is made here from checked values; the agent, who may be wrong, writes only those.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..files import write_whole
from .given import ConfigurationError
from .words import printable
from .writer.entry import Entry, from_document

NGINX_TIMEOUT = 30
"""Seconds for a test of the configuration: names in it are looked up, and a name server may be slow."""
OPTIONS = re.compile(r"[a-z0-9_= ]*")


@dataclass(frozen=True)
class Order:
    """`options` stand behind each server, such as "max_fails=3 fail_timeout=10s"."""

    members: Path
    include: Path
    reloaded: Path
    options: str = ""
    nginx: Sequence[str] = ("nginx",)


def servers(entries: Sequence[Entry], options: str) -> str:
    """nginx wants one server at least that is no backup; a ramp would need a reload for each of its steps."""
    some = any(not entry.backup for entry in entries)
    return "".join(_server(entry, options, backup=entry.backup and some) for entry in entries)


def _server(entry: Entry, options: str, *, backup: bool) -> str:
    words = ["server", str(entry.place), f"weight={entry.weight}", options, "backup" if backup else ""]
    return " ".join(filter(None, words)) + ";\n"


def reload(order: Order) -> str:
    """Why it could not be done, or empty. What nginx would not take is put back as it was."""
    try:
        generation, entries = from_document(json.loads(order.members.read_text()))
        error = _take(order, entries)
    except (OSError, ValueError, ConfigurationError, subprocess.TimeoutExpired) as failure:
        generation, error = 0, printable(failure)
    write_whole(order.reloaded, json.dumps({"generation": generation, "error": error}) + "\n")
    return error


def _take(order: Order, entries: Sequence[Entry]) -> str:
    before = order.include.read_text() if order.include.exists() else None
    text = servers(entries, order.options)
    if not entries or text == before:
        return "" if entries else "members.json names nobody"
    write_whole(order.include, text)
    error = _nginx(order, "-t", "-q")
    if error and before is not None:
        write_whole(order.include, before)
    return error or _nginx(order, "-s", "reload")


def _nginx(order: Order, *words: str) -> str:
    command = [*order.nginx, *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=NGINX_TIMEOUT)
    return printable(done.stderr) or f"{words[0]} failed with {done.returncode}" if done.returncode else ""


def main() -> None:
    parser = argparse.ArgumentParser(prog="agents.upstreams.reload", description=__doc__)
    for name in ("members", "include", "reloaded"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--options", default="")
    words = parser.parse_args()
    if not OPTIONS.fullmatch(words.options):
        parser.error(f"--options must be such as 'max_fails=3 fail_timeout=10s', not {words.options!r}")
    if error := reload(Order(words.members, words.include, words.reloaded, words.options)):
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
