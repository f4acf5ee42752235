"""When a process began: by the kernel's own table, and by `ps` where there is none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from slackwater.lab.cloud.began import by_kernel, by_ps

Reader = Callable[[int], int | None]
READERS = pytest.mark.parametrize("reader", [by_kernel, by_ps])


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as made:
        yield made
        made.kill()


@READERS
def test_it_is_said_of_a_process_that_runs(reader: Reader, process: subprocess.Popen[bytes]) -> None:
    """Both readers, of the same process; one without the other would call a healthy cloud dead."""
    assert reader(process.pid) is not None


@READERS
def test_what_is_left_of_one_that_ended_is_no_process(reader: Reader, process: subprocess.Popen[bytes]) -> None:
    """Its parent has not looked yet: whoever waits for its end would wait for ever."""
    os.kill(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    left = reader(process.pid)
    process.wait()

    assert [None, None] == [left, reader(process.pid)]


def test_ps_says_it_in_seconds_whatever_the_language_and_the_place(
    process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`up` and `down` may be called from shells with other settings."""
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("TZ", "Asia/Tokyo")

    assert time.time() == pytest.approx(by_ps(process.pid), abs=60)
