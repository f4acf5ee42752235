"""Membership: where hosts are named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from slackwater.errors import SettingsError
from slackwater.settings.membership import Membership


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Membership.dns("no name"), "one DNS name"),
        (lambda: Membership.dns("app.internal", port=0), "from 1 to 65535"),
        (lambda: Membership.auto_scaling(region="eu-central-1"), "one Auto Scaling group's name or several"),
        (lambda: Membership.auto_scaling("web", region="Frankfurt"), "an AWS region such as 'eu-central-1'"),
        (lambda: Membership(kind="auto_scaling", names=("web",)), "must be the groups' AWS region"),
        (lambda: Membership.auto_scaling("web", region="eu-central-1", interval=0), "from 1 to 3600"),
    ],
)
def test_a_wrong_value_is_refused(make: Callable[[], Membership], said: str) -> None:
    """With what is allowed."""
    with pytest.raises(SettingsError, match=said):
        make()


def test_the_app_port_is_the_default() -> None:
    """A source may have another one."""
    assert 8000 == Membership.dns("app.internal").document(8000)["port"]
    assert 80 == Membership.dns("app.internal", port=80).document(8000)["port"]
