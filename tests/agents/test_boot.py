"""A host that starts again: whatever becomes of its secrets, it serves with those that it has."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from slackwater.agents.slots.boot import boot
from slackwater.agents.slots.credentials import CredentialsError
from slackwater.agents.slots.layout import Layout, target
from slackwater.lab.metadata import Instance, Role, Service
from tests.agents.conftest import MakeRelease

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


NO_ROLE = '{"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role"}'
DOCUMENTS = {
    "a role that cannot be assumed": NO_ROLE,
    "no JSON": "<html>",
    "a list": "[]",
    "half a document": '{"AccessKeyId": "ASIAKEY"}',
}


class Told(Role):
    """What the metadata service says of its credentials."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def document(self) -> str:
        return self.text


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_metadata_that_make_no_sense_keep_nobody_from_serving(
    live: Layout, systemctl: Path, service: Service, me: Instance, document: str
) -> None:
    """The metadata service answers 200 when the instance's role cannot be assumed."""
    me.role = Told(document)
    found = boot(live)

    assert SLOT == found
    assert f"start --no-block {live.unit(SLOT, 'service')}" in systemctl.read_text()
    assert f"{SLOT}.sock" == target(live.socket)


def test_what_nobody_thought_of_keeps_nobody_from_serving_either(
    live: Layout, systemctl: Path, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings of another version of ours, say: the secret lies on disk all the same."""
    (live.settings / SLOT / "secrets.json").write_text(json.dumps({"KEY": "/shop/key"}))
    found = boot(live)

    assert SLOT == found
    assert "start --no-block" in systemctl.read_text()
    assert f"{SLOT} keeps the secrets that it has: " in capsys.readouterr().err


def test_a_slot_that_never_had_its_secret_says_what_is_in_the_way(
    live: Layout, systemctl: Path, service: Service, me: Instance
) -> None:
    """systemd would not start it, and say no more than the name of a file."""
    (live.settings / SLOT / "secrets/KEY").unlink()
    me.role = Told(NO_ROLE)
    with pytest.raises(CredentialsError, match=r"cannot start without KEY: .*AssumeRoleUnauthorizedAccess"):
        boot(live)

    assert not systemctl.exists()
