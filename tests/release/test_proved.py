"""The pointer to the release that a fleet is meant to run."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from slackwater import App
from slackwater.errors import ReleaseError
from slackwater.release import Proved, Releases
from slackwater.settings import Store
from tests.release.conftest import Cloud

Write = Callable[[dict[str, str]], Path]
FIRST = Proved("1", "0" * 64, "2026-11-21T10:00:00.000+00:00", "ada@desk")
SECOND = Proved("2", "1" * 64, "2026-11-21T11:00:00.000+00:00", "ada@desk", ("0", "1"))


def test_nothing_is_proved_at_first(releases: Releases) -> None:
    """A fleet's first converge finds it so."""
    assert releases.proved("shop", "production") is None
    assert {} == releases.proved_of_all("shop")


def test_the_pointer_moves(releases: Releases) -> None:
    """Each fleet and each app has its own."""
    releases.prove("shop", "production", FIRST)
    releases.prove("shop", "production", SECOND)
    releases.prove("shop", "staging", FIRST)
    releases.prove("blog", "production", FIRST)

    assert (SECOND, FIRST) == (releases.proved("shop", "production"), releases.proved("shop", "staging"))
    assert {"production": SECOND, "staging": FIRST} == releases.proved_of_all("shop")


def test_a_pointer_is_made_here(releases: Releases, app: App, write: Write) -> None:
    """It says who, where and which archive."""
    write({"hello.py": "app = None\n"})
    release = releases.build(app, id="1")
    proved = Proved.here(release, [str(number) for number in range(100)])

    assert ("1", release.sha256, "99") == (proved.release, proved.sha256, proved.previous)
    assert (20, None) == (len(proved.history), Proved.here(release).previous)
    assert f"{getpass.getuser()}@{socket.gethostname()}" == proved.by


@pytest.mark.parametrize("text", ["x", "{}", "[]", "null", '{"release": "1", "sha256": null}'])
def test_a_pointer_that_cannot_be_read_is_never_none(releases: Releases, text: str) -> None:
    """Otherwise whatever the source is would be proved over it."""
    releases.pointers.write("shop", "production", text.encode())

    for act in (lambda: releases.proved("shop", "production"), lambda: releases.proved_of_all("shop")):
        with pytest.raises(ReleaseError, match=r"proved.* does not say which release is proved .* or remove it"):
            act()


@pytest.mark.parametrize("fleet", ["", "..", "a/b", "a b", ".a", "x" * 65])
def test_fleets_that_name_no_file_are_refused(releases: Releases, fleet: str) -> None:
    """Neither read nor written."""
    for act in (lambda: releases.proved("shop", fleet), lambda: releases.prove("shop", fleet, FIRST)):
        with pytest.raises(ReleaseError, match="cannot be the name of a fleet: it must be"):
            act()


def test_a_directory_keeps_it_in_a_file(releases: Releases, store: Store) -> None:
    """Apart from the archives."""
    releases.prove("shop", "production", FIRST)
    found = {
        "directory": lambda: Path(store.location, "shop/proved/production.json").read_bytes(),
        "s3": lambda: _parameter("/slackwater/shop/production/proved"),
    }

    assert FIRST.dump() == found[store.kind]()
    assert (["shop/proved/production.json"] if store.kind == "directory" else []) == releases.files.keys("")


def _parameter(name: str) -> bytes:
    text: str = boto3.session.Session().client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    return text.encode()


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_a_parameter_that_may_not_be_read_is_never_none(releases: Releases, cloud: Cloud) -> None:
    """And the sentence names the permissions."""
    releases.prove("shop", "production", FIRST)
    cloud.denied = True

    with pytest.raises(ReleaseError, match="/slackwater/shop/production/proved cannot be used: access was denied"):
        releases.proved("shop", "production")
