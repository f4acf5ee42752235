"""The README's first command, as it stands there, on a lab of its own."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from slackwater.lab import Lab

HOUSE = Path(__file__).resolve().parents[2]
LIMIT = 1800
"""Seconds: on a machine that has never seen it the demo builds images and fetches every package, and then drills."""
COUNTED = "0 lost, 0 executed twice"
"""What a drill says that went well."""


@pytest.fixture
def name() -> Iterator[str]:
    name = f"t{os.getpid()}-demo"
    yield name
    Lab(name).down()
    Lab(f"{name}-drill").down()
    (HOUSE / f".slackwater/drilled-{name}").unlink(missing_ok=True)


def demo(name: str) -> str:
    environment = os.environ | {"SLACKWATER_LAB": name}
    done = subprocess.run(
        [HOUSE / "scripts/demo"], env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def changes(said: str) -> str:
    """How many operations changed something, as pyinfra's last line of the table says: "-" for none."""
    total = re.search(r"Grand total +\d+ +(\S+) +(\S+) ", said)
    assert total is not None, said
    assert total[2] == "-", said
    return total[1]


def test_the_demo_serves_and_a_second_one_changes_nothing(name: str) -> None:
    """Both app hosts answer through the balancer; the fleet is left running, and found as it should be. The first demo
    ends with a drill, whose lab is gone."""
    first, second = demo(name), demo(name)

    for said in (first, second):
        assert {"app-1", "app-2"} == set(re.findall(r'"instance":"(app-\d)"', said))
        assert re.search(r"The fleet is yours:  curl http://10\.77\.\d+\.211/", said)
    assert int(changes(first)) > 0
    assert "-" == changes(second)
    assert [True, False] == [COUNTED in said for said in (first, second)]
    assert not Lab(f"{name}-drill").exists()
