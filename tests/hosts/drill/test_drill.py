"""`slackwater drill` as an operator types it: what it counts, and that nothing of it stays.

A run that is not long has the short drill that ends the demo, and one that is interrupted.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from slackwater.lab import Lab
from tests.hosts.converge.running import LONG_ONLY

NAME = f"t{os.getpid()}-drill"
MAIN = "import sys; from slackwater.cli import main; main()"
SCALE_INS = 100
"""Each with a scale-out."""
SPOTS = 50
"""Each with a launch."""
RATE = 300
"""Requests a second."""
STORY = ["apply", "load", "scale-out", "rollout", "spot", "scale-in", "crash", "replacement"]
BOUND = 110
"""Seconds from the notice: AWS ends a spot instance after 120."""
LIMIT = 900.0
"""Seconds for one scenario and its part of the rest, on a machine that others load as well."""


@pytest.fixture
def name() -> Iterator[str]:
    yield NAME
    Lab(NAME).down()


def begin(name: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", MAIN, "drill", *words, "--name", name, "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(drill: subprocess.Popen[str], times: int) -> dict[str, Any]:
    """Its report; it must have ended well."""
    out, said = drill.communicate(timeout=LIMIT * (1 + times))
    assert 0 == drill.returncode, out + said
    return dict(json.loads(out))


def url(name: str) -> str | None:
    """As somebody else on this machine finds it."""
    done = subprocess.run(
        [sys.executable, "-c", MAIN, "lab", "status", "--name", name, "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return json.loads(done.stdout)["url"] if done.returncode == 0 else None


def await_url(drill: subprocess.Popen[str], name: str) -> str:
    deadline = time.monotonic() + LIMIT
    while not (found := url(name)):
        assert drill.poll() is None, drill.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.5)
    return found


def nothing_lost(report: dict[str, Any]) -> None:
    """By people and by ledgers; and no instance came that was not meant to."""
    requests = report["requests"]
    assert (0, 0, []) == (requests["lost"], requests["executed_twice"], report["faults"])
    assert requests["sent"] > 0
    assert report["ok"]


def played(report: dict[str, Any]) -> list[str]:
    return [phase["name"] for phase in report["phases"]]


@LONG_ONLY
def test_spot_interruptions_lose_nothing(name: str) -> None:
    """Half of the requests POST, on kept connections 40 ms away, some of 20 s, and WebSockets. Each has left within its
    bound, or it would be a fault."""
    drill = begin(name, "spot", "--times", str(SPOTS), "--rate", str(RATE))
    found = await_url(drill, name)
    report = ended(drill, SPOTS)
    nothing_lost(report)

    assert found.startswith("http://10.77.")
    assert ["apply", "load", *["spot"] * SPOTS] == played(report)
    assert all(phase["figures"]["left in"] <= BOUND for phase in report["phases"] if phase["name"] == "spot")
    assert not Lab(name).exists()


@LONG_ONLY
def test_scale_ins_and_scale_outs_lose_nothing(name: str) -> None:
    """Again and again, on one fleet."""
    report = ended(begin(name, "scale-in", "--times", str(SCALE_INS), "--rate", str(RATE)), SCALE_INS)
    nothing_lost(report)

    assert ["apply", "load", *["scale-out", "scale-in"] * SCALE_INS] == played(report)


@LONG_ONLY
def test_the_whole_story(name: str) -> None:
    """What a crash costs is told apart."""
    report = ended(begin(name), len(STORY))
    nothing_lost(report)

    assert STORY == played(report)


@pytest.mark.parametrize("how", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=LONG_ONLY)])
def test_a_drill_that_is_interrupted_leaves_nothing(name: str, how: signal.Signals) -> None:
    """Wherever it is."""
    drill = begin(name)
    await_url(drill, name)
    drill.send_signal(how)
    out, _ = drill.communicate(timeout=LIMIT)

    assert 0 != drill.returncode
    assert "" == out
    assert not Lab(name).exists()
