"""Lines on standard error while an inventory is read, each once: it is read again and again in one run."""

from __future__ import annotations

import sys

_said: set[str] = set()


def say(sentence: str) -> None:
    if sentence not in _said:
        _said.add(sentence)
        print(f"inventory: {sentence}", file=sys.stderr)  # noqa: T201 - pyinfra's log is not set up yet
