"""Orders of one machine, in their own thread."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from slackwater.lab.cloud.machines.machine import Power
from slackwater.lab.cloud.machines.orders import Orders


def test_it_is_on_when_it_has_begun() -> None:
    """Until then it is coming, and whoever orders has been gone for long."""
    orders, begin, seen = Orders("i-1"), threading.Event(), list[Power]()
    orders.on(lambda: begin.wait(20), lambda: seen.append(orders.power))
    before = orders.power
    begin.set()
    orders.end()

    assert (Power.COMING, [Power.ON]) == (before, seen)


def test_one_that_is_ordered_off_while_it_comes_is_never_up() -> None:
    """It is switched off behind its beginning, not beside it."""
    orders, begin, done = Orders("i-1"), threading.Event(), list[str]()
    orders.on(lambda: begin.wait(20), lambda: done.append("up"))
    orders.off(lambda: done.append("off"))
    begin.set()
    orders.end()

    assert ["off"] == done
    assert Power.OFF is orders.power


def test_one_that_cannot_begin_is_off(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever it was: the group asks for another; and what is ordered next is carried out."""
    orders, done = Orders("i-1 (instance-1)"), list[str]()
    orders.on(Path("/nowhere/at/all").read_text, lambda: done.append("up"))
    orders.give(lambda: done.append("next"))
    orders.end()

    assert ["next"] == done
    assert Power.OFF is orders.power
    assert "i-1 (instance-1): [Errno 2] No such file or directory: '/nowhere/at/all'" in caplog.text


def test_what_was_seen_before_an_order_is_not_news() -> None:
    """It was on, looked at, stopped and started again: the look found it off in between."""
    orders, up = Orders("i-1"), threading.Event()
    orders.on(lambda: None, up.set)
    up.wait(20)
    seen = orders.standing
    orders.off(lambda: None)
    orders.on(lambda: None, lambda: None)
    was_news = orders.found(Power.OFF, where=seen)
    orders.end()

    assert not was_news
    assert Power.ON is orders.power
    assert orders.found(Power.OFF, where=orders.standing)


def test_what_waits_may_be_dropped() -> None:
    """What has begun is done."""
    orders, begun, go, done = Orders("i-1"), threading.Event(), threading.Event(), list[str]()

    def first() -> None:
        begun.set()
        go.wait(20)
        done.append("first")

    orders.give(first)
    orders.give(lambda: done.append("second"))
    begun.wait(20)
    orders.end(wait=False, drop=True)
    go.set()
    orders.end()

    assert ["first"] == done
