"""One build at a time, and what dead ones leave."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from slackwater.release._lock import ABANDONED_AFTER, held


def test_what_a_killed_build_left_is_removed(tmp_path: Path) -> None:
    """The store does not fill up with halves; what is young may be another's that is being written."""
    long_ago = time.time() - ABANDONED_AFTER - 1
    (tmp_path / ".a.tar.gz.abc.partial").write_text("half")
    (tmp_path / ".xyz.partial").mkdir()
    (tmp_path / ".b.tar.gz.abc.partial").write_text("half")
    for name in (".a.tar.gz.abc.partial", ".xyz.partial"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    with held(tmp_path, lambda: None):
        left = [path.name for path in tmp_path.glob(".*.partial")]

    assert [".b.tar.gz.abc.partial"] == left


def test_a_second_build_waits_for_the_first(tmp_path: Path) -> None:
    """It says so, and goes on when the first is done."""
    waiting, order = Event(), []

    def second() -> None:
        with held(tmp_path, waiting.set):
            order.append("second")

    with ThreadPoolExecutor() as pool:
        with held(tmp_path, waiting.clear):
            future = pool.submit(second)
            waited = waiting.wait(timeout=10)
            order.append("first")
        future.result(timeout=10)

    assert (True, ["first", "second"]) == (waited, order)
