"""One cloud at a time, by a lock of the kernel's."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from slackwater.errors import LabError
from slackwater.lab.cloud.sole import sole


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("VAGRANT_DOTFILE_PATH", raising=False)
    return str(tmp_path)


def test_a_second_one_is_told_whose_the_vms_are(place: str) -> None:
    """While the first has them, and not when it has ended."""
    second = sole(lab=None, vagrant=place)
    with sole(lab=None, vagrant=place), pytest.raises(LabError, match="Another cloud has the VMs of"):
        second.__enter__()
    with sole(lab=None, vagrant=place):
        pass


def test_one_that_was_killed_is_waited_for(place: str) -> None:
    """Its threads end one after the other, and the lock goes with the last."""
    with ExitStack() as killed:
        killed.enter_context(sole(lab=None, vagrant=place))
        threading.Timer(0.3, killed.pop_all().close).start()
        with sole(lab=None, vagrant=place):
            pass
