"""The cloud's clockwork goes on, whatever one of its regions does."""

from __future__ import annotations

import logging
from threading import Event
from typing import Any

import pytest

from slackwater.lab.cloud.server import tick


class Part:
    """A region and its engine: fails as often as told, and ends everything at its third tick."""

    def __init__(self, ended: Event, faults: int) -> None:
        self.engine, self.ended, self.faults, self.ticks = self, ended, faults, 0

    def tick(self) -> None:
        self.ticks += 1
        if self.ticks == 3:
            self.ended.set()
        if self.ticks <= self.faults:
            raise RuntimeError("no such instance")


def test_a_fault_in_one_region_stops_no_clock(caplog: pytest.LogCaptureFixture) -> None:
    """Hooks would never run out again, without a word; the others are not kept waiting either."""
    ended = Event()
    regions: Any = {"eu-west-1": Part(ended, 1), "eu-central-1": Part(ended, 0)}
    with caplog.at_level(logging.ERROR, "slackwater.lab.cloud"):
        tick(regions, ended)

    assert [3, 3] == [region.ticks for region in regions.values()]
    assert ["region eu-west-1"] == [record.getMessage() for record in caplog.records]
    assert "no such instance" in caplog.text
