"""Work that goes on in a thread of its own for as long as the agent runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .around import Log

AGAIN = 5.0
"""Seconds until work that failed in a way that nobody has thought of is tried again."""


def repeat(work: Callable[[], None], name: str, log: Log) -> None:
    """Again and again. A thread that ended would be missed by nobody: no heartbeat, and no cause that is heard."""

    def run() -> None:
        while True:
            try:
                work()
            except Exception as error:  # whatever it is, see above
                log(f"{name}: {error!r}")
                time.sleep(AGAIN)

    threading.Thread(target=run, daemon=True).start()
