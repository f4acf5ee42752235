"""Credentials of the instance's role while its metadata service is silent."""

from __future__ import annotations

import json

import pytest

from slackwater.agents.drain.lasting import AGAIN, Lasting
from slackwater.agents.metadata import RENEW, MetadataError
from tests.agents.door import Said, door

TOKEN: Said = (200, {}, b"token")


def test_credentials_are_kept_while_nobody_answers() -> None:
    """They are good for hours; those that were refused are gone all the same."""
    first, second = (
        (200, {}, json.dumps({"AccessKeyId": name, "SecretAccessKey": "s"}).encode()) for name in ("ASIA1", "ASIA2")
    )
    clock = [1000.0]
    role: Said = (200, {}, b"shop")
    busy: Said = (503, {}, b"")
    with door(TOKEN, role, first, busy, busy, role, second, busy) as server:
        metadata = Lasting(server.url, lambda: clock[0])
        found = [metadata.keys().access]
        for passed in (RENEW + 1, 0.0, AGAIN + 1, 0.0, AGAIN + 1, 0.0):
            clock[0] += passed
            found.append(metadata.keys().access)
        metadata.forget_keys()
        with pytest.raises(MetadataError):
            metadata.keys()

    assert [*5 * ["ASIA1"], *2 * ["ASIA2"]] == found
    assert 8 == len(server.asked)
