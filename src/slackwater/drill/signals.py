"""What a drill does when it is told to end: it takes its lab away first, and lets nobody interrupt that."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

ENDINGS = (signal.SIGTERM, signal.SIGHUP)
Handler = Callable[[int, FrameType | None], object] | signal.Handlers


@contextmanager
def ended_in_order() -> Iterator[None]:
    """A drill that is told to end takes its lab away first, as after Ctrl-C."""
    with _handled(ENDINGS, _end):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Neither Ctrl-C nor an end from elsewhere reaches this process or a command that it starts in the block.

    Handlers belong to the main thread; in another the block runs as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _handled((signal.SIGINT, *ENDINGS), signal.SIG_IGN):
        yield


@contextmanager
def _handled(numbers: Sequence[signal.Signals], handler: Handler) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _end(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)
