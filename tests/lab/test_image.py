"""Which image a host stands on."""

from __future__ import annotations

from pathlib import Path

import pytest

from slackwater.errors import LabError
from slackwater.lab.image import image_name, remove_begun, remove_outdated, sources

BOOKWORM = {"VERSION_CODENAME": "bookworm"}
LISTED = """http://mirror.example/debian bookworm
http://mirror.example/debian bookworm-updates
http://mirror.example/debian-security bookworm-security
http://mirror.example/debian bookworm
https://tools.example/apt stable
"""


def test_the_machines_own_sources_are_used_for_another_suite() -> None:
    """Third-party sources are left out, and each line is there once."""
    assert [
        "deb http://mirror.example/debian trixie main",
        "deb http://mirror.example/debian trixie-updates main",
        "deb http://mirror.example/debian-security trixie-security main",
    ] == sources("trixie", BOOKWORM, LISTED)


@pytest.mark.parametrize(("codename", "listed"), [("bookworm", ""), ("noble", "http://mirror.example/ubuntu noble\n")])
def test_a_machine_without_debian_sources_says_so(codename: str, listed: str) -> None:
    """The sentence names the command that fetches them, and Vagrant."""
    with pytest.raises(LabError, match=r"`apt-get update`.*vagrant/"):
        sources("bookworm", {"VERSION_CODENAME": codename}, listed)


def test_an_images_name_changes_with_what_made_it() -> None:
    """Suite and sources; the same again gives the same name."""
    made = [image_name("bookworm", ["deb a"]), image_name("bookworm", ["deb b"]), image_name("trixie", ["deb a"])]

    assert (3, made[0]) == (len(set(made)), image_name("bookworm", ["deb a"]))


def test_outdated_images_go_when_no_lab_stands_on_them(tmp_path: Path) -> None:
    """Images of other suites and of other labs stay."""
    for name in ("bookworm-new", "bookworm-used", "bookworm-old", "trixie-1"):
        (tmp_path / name).mkdir()

    removed = remove_outdated(tmp_path, ["bookworm-new"], {"bookworm-used"})

    assert ["bookworm-old"] == removed
    assert ["bookworm-new", "bookworm-used", "trixie-1"] == sorted(path.name for path in tmp_path.iterdir())


def test_what_a_killed_build_left_is_removed(tmp_path: Path) -> None:
    """The lock and the finished images stay."""
    (tmp_path / ".bookworm-1").mkdir()
    (tmp_path / "bookworm-2").mkdir()
    (tmp_path / ".lock").touch()

    remove_begun(tmp_path)

    assert [".lock", "bookworm-2"] == sorted(path.name for path in tmp_path.iterdir())
