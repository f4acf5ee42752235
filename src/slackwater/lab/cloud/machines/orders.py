"""What is ordered of one machine: carried out one after the other, beside the orders of all other machines."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from slackwater.lab.cloud.machines.machine import Power

log = logging.getLogger("slackwater.lab.cloud")

Order = Callable[[], object]


class Orders:
    """Giving one takes no time, as the cloud wants it; `name` is who is meant in the log when one fails."""

    def __init__(self, name: str) -> None:
        self.name, self.power = name, Power.OFF
        self._worker = ThreadPoolExecutor(1)

    def on(self, begin: Order, up: Order) -> None:
        """`up` is called once `begin` is done; not where it raised, nor for one that was ordered off meanwhile."""
        self.power = Power.COMING
        self.give(lambda: self._begin(begin, up))

    def off(self, how: Order) -> None:
        self.power = Power.OFF
        self.give(how)

    def give(self, order: Order) -> None:
        self._worker.submit(order).add_done_callback(self._report)

    def end(self, *, wait: bool = True, drop: bool = False) -> None:
        """No more are given; what has begun is done, and what waits, too, unless it is to `drop`."""
        self._worker.shutdown(wait, cancel_futures=drop)

    def _begin(self, begin: Order, up: Order) -> None:
        try:
            begin()
        except Exception:
            self.power = Power.OFF
            raise
        if self.power is Power.COMING:
            self.power = Power.ON
            up()

    def _report(self, done: Future[object]) -> None:
        if not done.cancelled() and (error := done.exception()):
            log.error("%s: %s", self.name, error)
