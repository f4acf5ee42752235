"""When the demo drills, with programs that only note what they were asked; the demo itself is in tests/hosts."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[1]
NOTES = """#!/bin/sh
# Notes what it was asked. A lab is there from `up` on; whatever $FAILS names fails.
echo "$*" >> asked
case "$*" in
  *"lab up") touch lab ;;
  *"lab status"*) [ -e lab ] && echo '{"url": "http://balancer/"}' || exit 1 ;;
esac
case "$*" in $FAILS) exit 1 ;; esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("scripts/setup", ".venv/bin/slackwater", ".venv/bin/pyinfra", ".venv/bin/curl"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(NOTES)
        (tmp_path / name).chmod(0o755)
    shutil.copy(HOUSE / "scripts/demo", tmp_path / "scripts")
    return tmp_path


def drilled(checkout: Path, *words: str, fails: str = "nothing") -> bool:
    """Whether a drill was begun."""
    (checkout / "asked").unlink(missing_ok=True)
    environment = os.environ | {"FAILS": fails}
    subprocess.run([checkout / "scripts/demo", *words], cwd=checkout, env=environment, capture_output=True, check=False)
    return "drill scale-in" in (checkout / "asked").read_text()


def test_the_first_drills_and_a_second_does_not(checkout: Path) -> None:
    """Unless it is asked for, or the lab was taken down meanwhile."""
    first, second, asked = drilled(checkout), drilled(checkout), drilled(checkout, "--drill")
    (checkout / "lab").unlink()

    assert (True, False, True) == (first, second, asked)
    assert drilled(checkout)


@pytest.mark.parametrize("fails", ["inventories/*", "drill*"])
def test_one_that_failed_before_its_drill_ended_leaves_it_to_the_next(checkout: Path, fails: str) -> None:
    """Though its lab is there."""
    drilled(checkout, fails=fails)

    assert (checkout / "lab").exists()
    assert (True, False) == (drilled(checkout), drilled(checkout))
