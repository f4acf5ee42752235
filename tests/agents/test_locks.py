"""One change of an app at a time."""

from __future__ import annotations

import threading
import time

from slackwater.agents.slots.layout import Layout
from slackwater.agents.slots.locks import lock


def test_one_change_at_a_time(layout: Layout) -> None:
    """A second switch waits until the first is done."""
    order: list[str] = []

    def second() -> None:
        with lock(layout, "switch"):
            order.append("second")

    with lock(layout, "switch"):
        other = threading.Thread(target=second)
        other.start()
        time.sleep(0.3)
        order.append("first")
    other.join()

    assert ["first", "second"] == order
