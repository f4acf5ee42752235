"""Errors of boto3 come out as sentences, whatever is asked and whenever they occur."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from slackwater.aws.apply import apply
from slackwater.aws.call import Call
from slackwater.aws.clients import Clients
from slackwater.errors import CloudError

ASKED: dict[str, Callable[[Clients], object]] = {
    "one read": lambda clients: clients.ask("ec2", "describe_instances"),
    "all pages": lambda clients: clients.pages("ec2", "describe_instances", "Reservations"),
    "a call": lambda clients: apply(
        [Call("ec2", "delete_key_pair", {"KeyName": "lab"}, "of the test")], clients, lambda _: None, lambda _: None
    ),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED.keys())
def test_a_profile_that_is_none_is_named(
    ask: Callable[[Clients], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """boto3 says so already when the client is made; nothing has been asked by then."""
    (tmp_path / "config").write_text("[profile tide]\nregion = eu-central-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "ebb")

    with pytest.raises(CloudError, match=r"^ec2 \w+.*: .*ebb.*AWS_PROFILE"):
        ask(Clients("eu-central-1"))
