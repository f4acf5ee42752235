"""Checks: how hosts are asked."""

from __future__ import annotations

import pytest

from slackwater.errors import SettingsError
from slackwater.settings.checks import Checks


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"status": "2xx"}, "a status or a range"),
        ({"status": "299-200"}, "the smaller status first"),
        ({"timeout": 11}, "at most 10 times the interval"),
        ({"live": "health"}, "a path that begins with '/'"),
        ({"header": "X-Health"}, "X-Health: ok"),
        ({"body": " "}, "printable ASCII text"),
        ({"rise": 0}, "from 1 to 100"),
        ({"host": "a b"}, "a host name"),
    ],
)
def test_a_wrong_value_is_refused(told: dict[str, object], said: str) -> None:
    """With what is allowed."""
    with pytest.raises(SettingsError, match=said):
        Checks(**told)


def test_a_range_of_statuses() -> None:
    """One status is a range, too."""
    assert ((200, 299), (204, 204)) == (Checks().span, Checks(status="204").span)
