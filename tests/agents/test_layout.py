"""What is live, by links and markers."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from slackwater.agents.files import point
from slackwater.agents.slots.layout import Layout, target
from slackwater.agents.slots.switch import record
from tests.agents.conftest import MakeRelease


def test_a_link_is_replaced_by_rename(tmp_path: Path) -> None:
    """Whoever looks finds the old target or the new one, never nothing."""
    link = tmp_path / "current.sock"
    point(link, "a.sock")
    seen: list[str | None] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen.append(target(link))
            time.sleep(0)

    looker = threading.Thread(target=look)
    looker.start()
    for number in range(300):
        point(link, f"{number}.sock")
    stop.set()
    looker.join()

    assert None not in seen
    assert "299.sock" == target(link)


def test_what_is_live_is_read_from_current(layout: Layout, make_release: MakeRelease) -> None:
    """`current` names the release, and the release's own link the slot."""
    make_release("r1", 1)

    assert (None, None) == (layout.live_release(), layout.live_slot())
    record(layout, "r1-aaaaaaaa", "r1")
    assert ("r1", "r1-aaaaaaaa") == (layout.live_release(), layout.live_slot())


def test_a_release_without_its_marker_was_never_finished(layout: Layout, make_release: MakeRelease) -> None:
    """A directory that a dead run left is no release."""
    layout.release("half").mkdir()
    make_release("whole", 1)

    assert ["whole"] == layout.releases()
