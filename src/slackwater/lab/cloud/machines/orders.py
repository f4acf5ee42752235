"""What is ordered of one machine: carried out one after the other, beside the orders of all other machines."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from slackwater.lab.cloud.machines.machine import Power

log = logging.getLogger("slackwater.lab.cloud")

Order = Callable[[], object]


class Standing(NamedTuple):
    """How often it was started, and what was last ordered or seen since."""

    starts: int
    power: Power


class Orders:
    """Giving one takes no time, as the cloud wants it; `name` is who is meant in the log when one fails."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.standing = Standing(0, Power.OFF)
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1)

    @property
    def power(self) -> Power:
        return self.standing.power

    def on(self, begin: Order, up: Order) -> None:
        """`up` is called once `begin` is done; not where it raised, nor for one that was ordered off meanwhile."""
        with self._lock:
            self.standing = coming = Standing(self.standing.starts + 1, Power.COMING)
        self.give(lambda: self._begin(coming, begin, up))

    def off(self, how: Order) -> None:
        with self._lock:
            self.standing = self.standing._replace(power=Power.OFF)
        self.give(how)

    def give(self, order: Order) -> None:
        self._worker.submit(order).add_done_callback(self._report)

    def found(self, power: Power, *, where: Standing) -> bool:
        """What was seen of it while it stood so. False, and nothing is changed, when something was ordered since."""
        with self._lock:
            if self.standing != where:
                return False
            self.standing = where._replace(power=power)
        return True

    def end(self, *, wait: bool = True, drop: bool = False) -> None:
        """No more are given; what has begun is done, and what waits, too, unless it is to `drop`."""
        self._worker.shutdown(wait, cancel_futures=drop)

    def _begin(self, coming: Standing, begin: Order, up: Order) -> None:
        try:
            begin()
        except BaseException:
            self.found(Power.OFF, where=coming)
            raise
        if self.found(Power.ON, where=coming):
            up()

    def _report(self, done: Future[object]) -> None:
        if not done.cancelled() and (error := done.exception()):
            log.error("%s: %s", self.name, error)
