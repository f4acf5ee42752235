"""How long a slot that was replaced runs on, as the next command reads it."""

from __future__ import annotations

import json
import time

from slackwater.agents.slots import standby
from slackwater.agents.slots.layout import Layout
from tests.agents.conftest import MakeSlot


def keep(layout: Layout, slot: str, seconds: float) -> None:
    layout.standby.write_text(json.dumps({"slot": slot, "until": time.monotonic() + seconds}))


def test_a_slot_waits_until_its_time_is_over(layout: Layout, make_slot: MakeSlot) -> None:
    """Before, it is no work to be done; after, it is one that should be gone."""
    make_slot("r1-aaaaaaaa", "r1")
    found = [standby.waiting(layout)]
    for seconds in (60, -1):
        keep(layout, "r1-aaaaaaaa", seconds)
        found.append(standby.waiting(layout))

    assert [None, "r1-aaaaaaaa", None] == found


def test_its_release_is_known_as_long_as_its_settings_are_there(layout: Layout, make_slot: MakeSlot) -> None:
    """Somebody may have removed them by hand."""
    make_slot("r1-aaaaaaaa", "r1")
    found = []
    for slot in ("r1-aaaaaaaa", "r2-aaaaaaaa"):
        keep(layout, slot, 60)
        found.append(standby.release(layout))

    assert ["r1", None] == found


def test_it_can_be_ended_twice(layout: Layout) -> None:
    """The timer, the operator's program and the next switch all do."""
    keep(layout, "r1-aaaaaaaa", 60)
    standby.end(layout)
    standby.end(layout)

    assert None is standby.waiting(layout)
