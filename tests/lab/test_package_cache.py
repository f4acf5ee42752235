"""Packages are kept whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slackwater.lab.package_cache import STALE_AFTER, PackageCache, is_immutable

URL = "http://mirror.example/pool/n/nginx_1.deb"


def put(cache: PackageCache, url: str, data: bytes, size: int | None = None) -> None:
    with cache.deposit(url, len(data) if size is None else size) as file:
        file.write(data)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/pool/main/n/nginx/nginx_1.22.1-9_amd64.deb", True),
        ("/dists/bookworm/main/binary-amd64/by-hash/SHA256/0123", True),
        ("/dists/bookworm/InRelease", False),
        ("/dists/bookworm/main/binary-amd64/Packages.xz", False),
    ],
)
def test_only_what_never_changes_is_kept(path: str, expected: bool) -> None:
    """A list that was kept would hide the next security update."""
    assert expected == is_immutable(path)


def test_what_was_put_is_found(tmp_path: Path) -> None:
    """Under its own URL and no other."""
    cache = PackageCache(tmp_path / "new")
    put(cache, URL, b"package")

    kept = cache.find(URL)

    assert kept
    assert (b"package", None) == (kept.read_bytes(), cache.find(URL + "x"))


def test_a_part_is_not_kept(tmp_path: Path) -> None:
    """A connection that broke off leaves nothing behind."""
    cache = PackageCache(tmp_path)
    put(cache, URL, b"pack", size=7)

    assert (None, []) == (cache.find(URL), list(tmp_path.iterdir()))


def test_a_fetch_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """The error goes on to whoever fetched."""

    def fetch() -> None:
        with PackageCache(tmp_path).deposit(URL, 7) as file:
            file.write(b"pack")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fetch()

    assert [] == list(tmp_path.iterdir())


def test_the_least_used_go_when_it_is_full(tmp_path: Path) -> None:
    """One that was asked for lately stays, however old it is."""
    cache = PackageCache(tmp_path, cap=25)
    for age, url in enumerate(("a", "b")):
        put(cache, url, b"0123456789")
        kept = cache.find(url)
        assert kept
        os.utime(kept, (1000 + age, 1000 + age))
    cache.find("a")

    put(cache, "c", b"0123456789")

    assert [True, False, True] == [bool(cache.find(url)) for url in ("a", "b", "c")]


def test_what_a_killed_proxy_left_goes_in_time(tmp_path: Path) -> None:
    """A part that is being written stays."""
    old, young = tmp_path / ".part-old", tmp_path / ".part-young"
    for part in (old, young):
        part.touch()
    past = old.stat().st_mtime - STALE_AFTER - 1
    os.utime(old, (past, past))

    put(PackageCache(tmp_path), URL, b"package")

    assert (False, True) == (old.exists(), young.exists())
