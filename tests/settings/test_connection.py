"""Ssh: what belongs together, and what a bad value is told."""

from __future__ import annotations

from typing import Any

import pytest

from slackwater import Ssh
from slackwater.errors import SettingsError


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"bastion": "admin@bastion:22; rm"}, "must be a host such as 'admin@bastion.example.com:22'"),
        ({"bastion": "bastion\nHost *"}, "must be a host such as"),
        ({"bastion": "bastion", "config": "ssh/config"}, "must be None with a bastion"),
        ({"instance_connect": True, "key": "keys/id"}, "must be None with instance_connect"),
        ({"user": "Robert'); --"}, "must be a user's name"),
        ({"host_keys": "no"}, "must be one of 'accept-new', 'strict'"),
        ({"retries": 101}, "must be a whole number from 0 to 100"),
        ({"pause": 0}, "must be a whole number from 1 to 60"),
    ],
)
def test_a_bad_value_is_told_what_is_allowed(given: dict[str, Any], said: str) -> None:
    """Before anyone is connected to."""
    with pytest.raises(SettingsError, match=said):
        Ssh(**given)


@pytest.mark.parametrize("bastion", ["b", "b.example.com", "admin@b.example.com", "admin@203.0.113.1:2222"])
def test_a_bastion_may_leave_out_user_and_port(bastion: str) -> None:
    """ssh's own defaults hold then."""
    assert bastion == Ssh(bastion=bastion).bastion
