"""A strict reader of .env files: KEY=VALUE, comments, quotes and `export`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from slackwater.settings._faults import Fault
from slackwater.settings._names import RESERVED_VARIABLES, reserved_variable

# Nothing is expanded and nothing continues on the next line: what a shell would make of a value is no part of it.
LINE = re.compile(
    r"""(?:export\s+)?
    (?P<key>[A-Za-z_][A-Za-z0-9_]*)=
    (?:'(?P<single>[^']*)'|"(?P<double>[^"\\]*(?:\\["\\$`][^"\\]*)*)"|(?P<bare>[^\s'"\#](?:[^'"\#]|(?<!\s)\#)*)?)
    \s*(?:(?<=\s)\#.*)?""",
    re.VERBOSE,
)
ALLOWED = "must be KEY=VALUE, KEY='VALUE', KEY=\"VALUE\", a comment that begins with '#', or empty"


def parse(text: str, file: str) -> tuple[dict[str, str], list[Fault]]:
    """The variables, and a fault for each line that is none; a line's text is not shown, it may hold a secret."""
    values: dict[str, str] = {}
    faults: list[Fault] = []
    for number, line in _lines(text):
        match = LINE.fullmatch(line)
        if match is None:
            faults.append(Fault(file, number, f"line {number}", None, ALLOWED))
        elif RESERVED_VARIABLES.fullmatch(match["key"]):
            faults.append(Fault(file, number, match["key"], None, reserved_variable(match["key"])))
        else:
            values[match["key"]] = _value(match)
    return values, faults


def read(path: Path, file: str) -> tuple[dict[str, str], list[Fault]]:
    """`file` is the name that faults carry."""
    try:
        return parse(path.read_text(encoding="utf-8"), file)
    except (OSError, UnicodeDecodeError) as error:
        return {}, [Fault(None, None, "env_file", repr(file), f"must be a readable text file: {error}")]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.strip()


def _value(match: re.Match[str]) -> str:
    if match["double"] is not None:
        return re.sub(r"\\(.)", r"\1", match["double"])
    return match["single"] if match["single"] is not None else (match["bare"] or "").rstrip()
