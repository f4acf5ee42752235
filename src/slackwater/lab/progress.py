"""What a long command says while it works."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


def _nothing(text: str) -> None:
    """Says nothing."""


@dataclass(frozen=True)
class Progress:
    """Each step twice: when it begins, so that a stuck one has a name, and with its seconds when it is done."""

    say: Callable[[str], None] = _nothing

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        self.say(f"{text} ...")
        begun = time.monotonic()
        yield
        self.say(f"{text}: {time.monotonic() - begun:.1f} s")


SILENT = Progress()
