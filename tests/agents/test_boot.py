"""A host that starts again: whatever becomes of its secrets, it serves with those that it has."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from slackwater.agents.slots.boot import boot
from slackwater.agents.slots.credentials import CredentialsError
from slackwater.agents.slots.layout import Layout, target
from tests.agents.conftest import MakeRelease
from tests.agents.metadata import PAGES, PLACE, ROLE, metadata

SLOT = "r1-aaaaaaaa"
SYSTEMCTL = """#!/bin/sh
echo "$@" >> {log}
"""


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which it writes what it was asked for."""
    log, program = tmp_path / "systemctl.log", tmp_path / "bin/systemctl"
    program.parent.mkdir()
    program.write_text(SYSTEMCTL.format(log=log))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return log


@pytest.fixture
def live(layout: Layout, make_release: MakeRelease, systemctl: Path) -> Layout:
    """Release r1 is live, with a secret that it was given once."""
    make_release("r1", 1.0)
    layout.current.symlink_to("releases/r1")
    wanted = {"KEY": {"kind": "ssm", "location": "/shop/key"}}
    (layout.settings / SLOT / "secrets.json").write_text(json.dumps(wanted))
    (layout.settings / SLOT / "secrets/KEY").write_text("hunter2")
    return layout


NO_ROLE = json.dumps({"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role"})
BROKEN = {
    "a role that cannot be assumed": {**PAGES, PLACE + ROLE: NO_ROLE},
    "no JSON": {**PAGES, PLACE + ROLE: "<html>"},
    "a list": {**PAGES, PLACE + ROLE: "[]"},
    "half a document": {**PAGES, PLACE + ROLE: '{"AccessKeyId": "ASIAKEY"}'},
}


@pytest.mark.parametrize("pages", BROKEN.values(), ids=BROKEN.keys())
def test_metadata_that_make_no_sense_keep_nobody_from_serving(
    live: Layout, systemctl: Path, pages: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The metadata service answers 200 when the instance's role cannot be assumed."""
    with metadata(pages) as address:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", address)
        found = boot(live)

    assert SLOT == found
    assert f"start --no-block {live.unit(SLOT, 'service')}" in systemctl.read_text()
    assert f"{SLOT}.sock" == target(live.socket)


def test_what_nobody_thought_of_keeps_nobody_from_serving_either(
    live: Layout, systemctl: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings of another version of ours, say: the secret lies on disk all the same."""
    (live.settings / SLOT / "secrets.json").write_text(json.dumps({"KEY": "/shop/key"}))
    with metadata() as address:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", address)
        found = boot(live)

    assert SLOT == found
    assert "start --no-block" in systemctl.read_text()
    assert f"{SLOT} keeps the secrets that it has: " in capsys.readouterr().err


def test_a_slot_that_never_had_its_secret_says_what_is_in_the_way(
    live: Layout, systemctl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd would not start it, and say no more than the name of a file."""
    (live.settings / SLOT / "secrets/KEY").unlink()
    with metadata({**PAGES, PLACE + ROLE: NO_ROLE}) as address:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", address)
        with pytest.raises(CredentialsError, match=r"cannot start without KEY: .*AssumeRoleUnauthorizedAccess"):
            boot(live)

    assert not systemctl.exists()
