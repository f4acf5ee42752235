"""A slot's secrets of AWS: files of root's, made before it starts, kept while AWS is away."""

from __future__ import annotations

import json

import pytest

from slackwater.agents.slots.credentials import CredentialsError, missing, provide
from slackwater.agents.slots.layout import Layout
from slackwater.lab.cloud import Endpoint
from tests.agents.conftest import MakeSlot

SLOT = "r1-aaaaaaaa"


@pytest.fixture
def slot(layout: Layout, make_slot: MakeSlot, sky: Endpoint) -> str:
    make_slot(SLOT, "r1")
    wanted = {"KEY": {"kind": "ssm", "location": "/shop/key", "seen": "1@2"}}
    (layout.settings / SLOT / "secrets.json").write_text(json.dumps(wanted))
    put(sky, "hunter2")
    return SLOT


def put(sky: Endpoint, value: str) -> None:
    sky.client("ssm").put_parameter(Name="/shop/key", Value=value, Type="SecureString", Overwrite=True)


def test_a_secret_is_a_file_that_only_root_reads(layout: Layout, slot: str) -> None:
    """systemd hands it to the app; nobody else on the host may read it."""
    lacked = missing(layout, slot)
    provide(layout, slot)
    file = layout.settings / slot / "secrets/KEY"

    assert (["KEY"], []) == (lacked, missing(layout, slot))
    assert ("hunter2", 0o600) == (file.read_text(), file.stat().st_mode & 0o777)


def test_a_slot_that_starts_again_gets_the_value_of_now(layout: Layout, slot: str, sky: Endpoint) -> None:
    """Going back to a release whose password has been replaced since must not end at the database's door."""
    provide(layout, slot)
    put(sky, "hunter3")
    provide(layout, slot)

    assert "hunter3" == (layout.settings / slot / "secrets/KEY").read_text()


def test_what_it_has_is_kept_while_aws_is_away(
    layout: Layout, slot: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A boot in the middle of an outage of AWS is no outage of the app."""
    provide(layout, slot)
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
    provide(layout, slot, patience=1)

    assert "hunter2" == (layout.settings / slot / "secrets/KEY").read_text()
    assert f"{SLOT} keeps the secrets that it has: " in capsys.readouterr().err


def test_a_slot_without_its_secret_is_not_started(layout: Layout, slot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the variable and what is in the way, so that nobody looks for it in the app's traceback."""
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(CredentialsError, match=rf"{SLOT} cannot start without KEY: secrets of AWS are resolved on EC2"):
        provide(layout, slot, patience=1)


def test_a_secret_that_cannot_be_written_is_named(layout: Layout, slot: str) -> None:
    """A full disk is a sentence, not a traceback; the value is not in it."""
    (layout.settings / SLOT / "secrets").rmdir()
    (layout.settings / SLOT / "secrets").write_text("no folder")
    with pytest.raises(CredentialsError, match=rf"{SLOT}: its secret KEY cannot be written: ") as error:
        provide(layout, slot)

    assert "hunter2" not in str(error.value)


def test_a_slot_without_secrets_of_aws_asks_nobody(
    layout: Layout, make_slot: MakeSlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hosts outside of AWS have no metadata service to wait for."""
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
    make_slot(SLOT, "r1")
    provide(layout, SLOT)

    assert [] == missing(layout, SLOT)
