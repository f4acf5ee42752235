"""What went wrong is kept for the next status."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime

import pytest

from slackwater.agents.slots.failures import SlotsError, noted, sentence
from slackwater.agents.slots.layout import Layout
from slackwater.agents.slots.status import last_error


def test_a_failure_is_noted_with_its_step(layout: Layout) -> None:
    """The status shows it whole, and the command fails all the same."""
    with pytest.raises(SlotsError), noted(layout, "switch", slot="r1-aaaaaaaa"):
        raise SlotsError("r1-aaaaaaaa was not switched to")
    note = last_error(layout)

    assert note is not None
    assert (datetime.now(UTC) - datetime.fromisoformat(str(note.pop("at")))).total_seconds() < 60
    assert {
        "slot": "r1-aaaaaaaa",
        "release": None,
        "step": "switch",
        "message": "r1-aaaaaaaa was not switched to",
    } == note


def test_what_cannot_be_noted_is_still_said(layout: Layout) -> None:
    """A disk that takes no note must not hide why the step failed."""
    layout.last_error.mkdir()
    with pytest.raises(SlotsError, match="the true reason"), noted(layout, "install", release="r1"):
        raise SlotsError("the true reason")


def test_a_step_that_succeeds_leaves_an_older_note(layout: Layout) -> None:
    """Only a switch that succeeds removes it."""
    layout.last_error.write_text(json.dumps({"step": "install"}))
    with noted(layout, "before_release"):
        pass

    assert {"step": "install"} == last_error(layout)


def test_a_program_that_failed_is_told_with_its_words() -> None:
    """Not with a traceback."""
    failed = subprocess.CalledProcessError(4, ["systemctl", "start", "x"], stderr="no unit x")
    hangs = subprocess.TimeoutExpired(["uv", "venv"], 900)

    assert "systemctl start x failed with 4: no unit x" == sentence(failed)
    assert "uv venv was not done after 900 s" == sentence(hangs)
