"""Credentials of the instance's role while its metadata service is silent."""

from __future__ import annotations

import json

import pytest

from slackwater.agents.drain.lasting import AGAIN, Lasting
from slackwater.agents.metadata import RENEW, MetadataError, NoRoleError
from tests.agents.door import Said, door

TOKEN: Said = (200, {}, b"token")


def test_credentials_are_kept_while_nobody_answers() -> None:
    """They are good for hours; a right that AWS refuses says nothing of them."""
    first, second = (
        (200, {}, json.dumps({"AccessKeyId": name, "SecretAccessKey": "s"}).encode()) for name in ("ASIA1", "ASIA2")
    )
    clock = [1000.0]
    role: Said = (200, {}, b"shop")
    busy: Said = (503, {}, b"")
    gone: Said = (404, {}, b"")
    with door(TOKEN, role, first, busy, busy, role, second, busy, gone) as server:
        metadata = Lasting(server.url, lambda: clock[0])
        found = [metadata.keys().access]
        for passed in (RENEW + 1, 0.0, AGAIN + 1, 0.0, AGAIN + 1, 0.0):
            clock[0] += passed
            found.append(metadata.keys().access)
        for _ in (busy, gone):
            metadata.forget_keys()
            found.append(metadata.keys().access)
            clock[0] += AGAIN + 1

    assert [*5 * ["ASIA1"], *4 * ["ASIA2"]] == found
    assert 9 == len(server.asked)


def test_who_never_had_any_says_why() -> None:
    """What it could not ask, and a role that it does not have."""
    with door(TOKEN, (503, {}, b""), (404, {}, b"")) as server:
        metadata = Lasting(server.url)
        for fault in (MetadataError, NoRoleError):
            with pytest.raises(fault):
                metadata.keys()
