"""What others say, made fit for a log line."""

from __future__ import annotations

import sys
from collections.abc import Callable

LONGEST = 160

Log = Callable[[str], None]


def say(line: str) -> None:
    """To the journal; each call is one line there."""
    print(line, file=sys.stderr, flush=True)


def printable(text: object) -> str:
    """One short line of plain characters: a backend's answer must not forge lines of the journal."""
    said = text[: LONGEST * 2].decode("ascii", "replace") if isinstance(text, bytes) else str(text)[: LONGEST * 2]
    plain = "".join(letter if " " <= letter <= "~" else " " for letter in said)
    short = " ".join(plain.split())
    return short if len(short) <= LONGEST else f"{short[: LONGEST - 3]}..."
