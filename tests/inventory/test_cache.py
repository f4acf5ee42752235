"""The file of the last reading: whole or not there, as old as its oldest part, one group beside the other."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from slackwater.inventory.cache import Cache, Known
from slackwater.inventory.member import Member

PLACE = "aws/eu-central-1"
WEB = Member("i-1", "web", "InService", "eu-central-1a", "10.0.0.1", None, "shop", ("app",))
JOBS = Member("i-2", "jobs", "Standby", "eu-central-1b")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (5, "less than a minute ago"),
        (61, "1 minute ago"),
        (3599, "59 minutes ago"),
        (2 * 3600 + 5, "2 hours ago"),
        (86400 + 5, "1 day ago"),
        (-60, "less than a minute ago"),
    ],
)
def test_an_age_is_said_in_words(seconds: int, said: str) -> None:
    """A clock that was set back makes nothing younger than now."""
    assert said == Known((), time.time() - seconds).age()


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """Groups that were read apart are found together; one that was never read makes the answer unknown."""
    cache = Cache.of("prod", tmp_path)
    cache.write(PLACE, ["web"], [WEB])
    cache.write(PLACE, ["jobs"], [JOBS])
    known = cache.read(PLACE, ["web", "jobs"])

    assert known
    assert (WEB, JOBS) == known.members
    assert None is cache.read(PLACE, ["web", "mail"])


def test_another_region_is_another_group(tmp_path: Path) -> None:
    """Names repeat in each of them."""
    cache = Cache.of("prod", tmp_path)
    cache.write(PLACE, ["web"], [WEB])

    assert None is cache.read("aws/eu-west-1", ["web"])


def test_a_group_that_became_empty_has_no_members(tmp_path: Path) -> None:
    """That is known, too."""
    cache = Cache.of("prod", tmp_path)
    cache.write(PLACE, ["web"], [WEB])
    cache.write(PLACE, ["web"], [])
    known = cache.read(PLACE, ["web"])

    assert known
    assert () == known.members
