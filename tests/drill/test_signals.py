"""Who presses Ctrl-C twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from slackwater.drill.signals import undisturbed

ALL = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ENDS_ITSELF = "import os, sys; os.kill(os.getpid(), int(sys.argv[1]))"


@pytest.mark.parametrize("number", ALL)
def test_what_takes_a_lab_away_is_not_interrupted(number: signal.Signals) -> None:
    """Nor is a command that it started: a terminal sends Ctrl-C to both."""
    before = [signal.getsignal(each) for each in ALL]
    with undisturbed():
        os.kill(os.getpid(), number)
        done = subprocess.run([sys.executable, "-c", ENDS_ITSELF, str(int(number))], check=False)

    assert 0 == done.returncode
    assert before == [signal.getsignal(each) for each in ALL]


def test_in_a_thread_nothing_is_changed() -> None:
    """Only the main thread may set handlers."""

    def look() -> object:
        with undisturbed():
            return signal.getsignal(signal.SIGTERM)

    with ThreadPoolExecutor(1) as pool:
        assert signal.getsignal(signal.SIGTERM) == pool.submit(look).result()
