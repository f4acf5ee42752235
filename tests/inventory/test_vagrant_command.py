"""What Vagrant is asked, where it says odd things or nothing: a program `vagrant` stands on the search path."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from slackwater.errors import LabError
from slackwater.inventory.vagrant_command import vagrant


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def program(place: Path, text: str) -> None:
    (place / "vagrant").write_text(f"#!/bin/sh\n{text}\n")
    (place / "vagrant").chmod(0o755)


def test_one_that_hangs_is_given_up(place: Path) -> None:
    """With the command and what to do; what it has started holds its VM no longer either."""
    program(place, "sleep 60 &\necho $! > child\nwait")
    with pytest.raises(LabError) as caught:
        vagrant(place, "up", "app-1", limit=1)
    child = int((place / "child").read_text())

    assert f"`vagrant up app-1` in {place} has not ended within 1 s" in str(caught.value)
    assert "run it there yourself" in str(caught.value)
    assert is_gone(child)


def is_gone(pid: int) -> bool:
    """Or only what is left of it until somebody has looked."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] in "ZX":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(("status", "said"), [(0, "stdout"), (3, "stderr")])
def test_words_in_another_encoding_are_no_traceback(place: Path, status: int, said: str) -> None:
    """A hypervisor of another language, or a progress bar that is cut in the middle of a character."""
    program(place, f"printf 'Gr\\374\\337e' > /dev/{said}\nexit {status}")
    if status == 0:
        assert "Gr\ufffd\ufffde" == vagrant(place, "status")
    else:
        with pytest.raises(LabError, match="ended with status 3: Gr\ufffd\ufffde"):
            vagrant(place, "status")
