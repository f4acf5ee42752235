"""What is kept in the store, and what becomes of damage."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from slackwater.errors import ReleaseError
from slackwater.release._store import held, kept, publish

ID = "src-0123456789ab"


def a_tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/a.txt").write_text("a")
    return tmp_path / "tree"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "store/hello").mkdir(parents=True)
    return tmp_path / "store/hello"


def test_what_was_published_is_kept(place: Path, tmp_path: Path) -> None:
    """Later deploys find the same archive by its id."""
    assert publish(place, ID, a_tree(tmp_path)) == kept(place, ID)


def test_a_changed_archive_is_refused(place: Path, tmp_path: Path) -> None:
    """Hosts may run the first one: an id never comes to mean two archives."""
    release = publish(place, ID, a_tree(tmp_path))
    release.archive.write_bytes(release.archive.read_bytes() + b"x")

    with pytest.raises(ReleaseError, match=rf"{ID}\.tar\.gz has sha256 \w+, but {release.sha256} was built"):
        kept(place, ID)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null"])
def test_a_damaged_manifest_is_refused(place: Path, tmp_path: Path, text: str) -> None:
    """The sentence says which file to remove."""
    publish(place, ID, a_tree(tmp_path))
    (place / f"{ID}.json").write_text(text)

    with pytest.raises(ReleaseError, match=rf"{ID}\.json is not a release's manifest .* remove it"):
        kept(place, ID)


def test_an_archive_without_a_manifest_is_not_a_release(place: Path, tmp_path: Path) -> None:
    """The build was interrupted between the two; it is built again."""
    publish(place, ID, a_tree(tmp_path))
    (place / f"{ID}.json").unlink()

    assert kept(place, ID) is None


def test_the_manifest_says_what_it_is_of(place: Path, tmp_path: Path) -> None:
    """Whoever fetches the archive elsewhere can check it."""
    release = publish(place, ID, a_tree(tmp_path))

    assert {"id": ID, "app": "hello", "sha256": release.sha256} == json.loads((place / f"{ID}.json").read_text())


def test_what_a_killed_build_left_is_removed(place: Path) -> None:
    """The store does not fill up with halves."""
    (place / f".{ID}.tar.gz.abc.partial").write_text("half")
    with held(place, lambda: None):
        left = list(place.glob("*.partial"))

    assert [] == left


def test_a_second_build_waits_for_the_first(place: Path) -> None:
    """It says so, and goes on when the first is done."""
    waiting, order = Event(), []

    def second() -> None:
        with held(place, waiting.set):
            order.append("second")

    with ThreadPoolExecutor() as pool:
        with held(place, waiting.clear):
            future = pool.submit(second)
            waited = waiting.wait(timeout=10)
            order.append("first")
        future.result(timeout=10)

    assert (True, ["first", "second"]) == (waited, order)
