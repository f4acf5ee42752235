"""Where things are kept, by who keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest

from slackwater.errors import LabError
from slackwater.lab.places import CLOUD, cloud_directory

ROOT, SOMEBODY = 0, 1000


@pytest.mark.parametrize(
    ("user", "told", "expected"),
    [
        (ROOT, {"HOME": "/root", "XDG_STATE_HOME": "/state"}, CLOUD),
        (SOMEBODY, {"HOME": "/home/ada"}, Path("/home/ada/.local/state/slackwater/cloud")),
        (SOMEBODY, {"HOME": "/home/ada", "XDG_STATE_HOME": "/state"}, Path("/state/slackwater/cloud")),
        (SOMEBODY, {"HOME": "/home/ada", "XDG_STATE_HOME": "state"}, Path("/home/ada/.local/state/slackwater/cloud")),
    ],
)
def test_a_cloud_is_kept_where_its_user_may_write(user: int, told: dict[str, str], expected: Path) -> None:
    """The same place for each command, from whichever folder; a relative one is no place."""
    assert expected == cloud_directory(user, told)


def test_a_user_without_a_home_is_asked_for_a_directory() -> None:
    """A service's user has none; the folder that it happens to be in would not be found again."""
    with pytest.raises(LabError, match="--directory"):
        cloud_directory(SOMEBODY, {})
