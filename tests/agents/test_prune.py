"""Five releases stay, and of their settings what they were proved with."""

from __future__ import annotations

import json
import time

from slackwater.agents.slots import prune
from slackwater.agents.slots.layout import Layout
from slackwater.agents.slots.switch import record
from tests.agents.conftest import MakeRelease, MakeSlot


def test_five_releases_stay_and_the_live_one_among_them(layout: Layout, make_release: MakeRelease) -> None:
    """The oldest go, but never the live one, however old."""
    for number in range(1, 9):
        make_release(f"r{number}", number)
    record(layout, "r1-aaaaaaaa", "r1")
    prune.prune(layout)

    assert ["r1", "r5", "r6", "r7", "r8"] == layout.releases()
    assert [f"{name}-aaaaaaaa" for name in ("r1", "r5", "r6", "r7", "r8")] == layout.slots()
    assert {"r1", "r5", "r6", "r7", "r8"} == {path.name for path in (layout.settings / "live").iterdir()}


def test_a_slot_that_its_release_is_no_longer_proved_with_goes(
    layout: Layout, make_release: MakeRelease, make_slot: MakeSlot
) -> None:
    """Changed settings leave the former slot behind; it goes with its units and its secrets."""
    make_release("r1", 1)
    make_slot("r1-bbbbbbbb", "r1")
    record(layout, "r1-bbbbbbbb", "r1")
    (layout.settings / "r1-aaaaaaaa/secrets/KEY").write_text("old")
    prune.prune(layout)

    assert ["r1-bbbbbbbb"] == layout.slots()
    assert [] == list(layout.units.glob("*aaaaaaaa*"))
    assert not (layout.settings / "r1-aaaaaaaa").exists()


def test_nothing_is_surplus_when_nothing_is(layout: Layout, make_release: MakeRelease) -> None:
    """A second look after a prune finds nothing to do."""
    for number in range(1, 9):
        make_release(f"r{number}", number)
    record(layout, "r8-aaaaaaaa", "r8")
    prune.prune(layout)

    assert ([], []) == prune.surplus(layout)


def test_a_failed_release_pushes_out_none_that_was_proved(layout: Layout, make_release: MakeRelease) -> None:
    """Eight attempts that were never live, and the one that was before them is still there to go back to."""
    make_release("good", 1)
    for number in range(2, 10):
        make_release(f"bad{number}", number, proved=False)
    make_release("new", 10)
    record(layout, "new-aaaaaaaa", "new")
    prune.prune(layout)

    assert ["good", "new"] == layout.proved()
    assert ["good", "bad7", "bad8", "bad9", "new"] == layout.releases()


def test_what_was_proved_last_stays_however_old_its_archive(layout: Layout, make_release: MakeRelease) -> None:
    """Who went back to an old release wants it kept."""
    for number in range(1, 9):
        make_release(f"r{number}", number)
    record(layout, "r2-aaaaaaaa", "r2")
    record(layout, "r8-aaaaaaaa", "r8")
    prune.prune(layout)

    assert ["r5", "r6", "r7", "r2", "r8"] == layout.proved()


def test_a_slot_in_standby_keeps_its_files(layout: Layout, make_release: MakeRelease, make_slot: MakeSlot) -> None:
    """Settings that another slot of its release has replaced, and a release that is the oldest: it still runs."""
    for number in range(1, 9):
        make_release(f"r{number}", number)
    make_slot("r1-bbbbbbbb", "r1")
    record(layout, "r8-aaaaaaaa", "r8")
    layout.standby.write_text(json.dumps({"slot": "r1-bbbbbbbb", "until": time.monotonic() + 60}))
    prune.prune(layout)

    assert "r1" in layout.releases()
    assert "r1-bbbbbbbb" in layout.slots()
    layout.standby.write_text(json.dumps({"slot": "r1-bbbbbbbb", "until": time.monotonic() - 1}))
    assert ([], ["r1-bbbbbbbb"]) == prune.surplus(layout)


def test_a_slot_goes_with_its_hooks(layout: Layout, make_release: MakeRelease, make_slot: MakeSlot) -> None:
    """No unit of it is left for anybody to start."""
    make_release("r1", 1)
    make_slot("r1-bbbbbbbb", "r1")
    before = len(list(layout.units.iterdir()))
    prune.prune(layout)

    assert (8, 4) == (before, len(list(layout.units.iterdir())))
