"""Loads from start to end: one that is waited for, and one that goes on until it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from slackwater.lab.load._client import Client
from slackwater.lab.load._load import Load
from slackwater.lab.load._result import Result


class Running:
    """A load in a thread of its own; `result` may be looked at meanwhile."""

    def __init__(self, load: Load) -> None:
        self.client = Client(load)
        self._thread = ThreadPoolExecutor(1, "load")
        self._done = self._thread.submit(lambda: asyncio.run(self.client.run()))

    @property
    def result(self) -> Result:
        return self.client.result

    def stop(self) -> Result:
        """Sends nothing more and waits for the last answers, each bounded; call it as often as you like."""
        self.client.stop()
        result = self._done.result()
        self._thread.shutdown()
        return result


def run(load: Load) -> Result:
    """Sends the load and returns what became of it; ends by itself after its seconds and the last answer's timeout."""
    return asyncio.run(Client(load).run())


@contextmanager
def running(load: Load) -> Iterator[Running]:
    """The load goes on inside the block, or until `stop()`; its `seconds` bound it all the same."""
    traffic = Running(load)
    try:
        yield traffic
    finally:
        traffic.stop()
