"""What is written down of a lab."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from slackwater.errors import LabError
from slackwater.lab.records import HostRecord, LabRecord, allot, found, images_in_use, load, load_number, save

RECORD = LabRecord(
    "local", 4, (HostRecord("app-1", "trixie", "trixie-1", "300M"), HostRecord("app-2", "bookworm", "b-2"))
)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """Every field survives."""
    save(tmp_path / "local", RECORD)

    assert RECORD == load(tmp_path / "local")


def test_a_directory_that_was_only_begun_is_no_lab(tmp_path: Path) -> None:
    """It is found, so that `down` removes it, but it holds no hosts."""
    (tmp_path / "local").mkdir()

    assert (None, [tmp_path / "local"]) == (load(tmp_path / "local"), found(tmp_path))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "x"}', '{"name": "x", "number": 1, "hosts": [{"who": 1}]}'])
def test_a_record_that_is_not_understood_names_the_way_out(tmp_path: Path, text: str) -> None:
    """The sentence names file and command."""
    (tmp_path / "state.json").write_text(text)

    with pytest.raises(LabError, match=r"state\.json .*`slackwater lab down --name"):
        load(tmp_path)


def test_the_number_is_read_from_a_record_of_another_version(tmp_path: Path) -> None:
    """`down` needs no more than that."""
    (tmp_path / "state.json").write_text('{"number": 7, "hosts": "other"}')

    assert 7 == load_number(tmp_path)


def test_labs_made_at_once_get_different_numbers(tmp_path: Path) -> None:
    """Twenty at the same time, twenty networks."""
    with ThreadPoolExecutor(20) as pool:
        records = list(pool.map(lambda i: allot(tmp_path, f"lab{i}", []), range(20)))

    assert list(range(20)) == sorted(record.number for record in records)


def test_a_lab_keeps_its_number(tmp_path: Path) -> None:
    """Also when its own route is there by now."""
    first = allot(tmp_path, "local", [])

    assert first == allot(tmp_path, "local", [f"10.77.{first.number}.0/24"])


def test_images_in_use_are_those_of_all_labs(tmp_path: Path) -> None:
    """An image is never removed under a host."""
    save(tmp_path / "local", RECORD)
    save(tmp_path / "other", LabRecord("other", 5, (HostRecord("app-1", "bookworm", "b-3"),)))

    assert {"trixie-1", "b-2", "b-3"} == images_in_use(tmp_path)


def test_another_versions_lab_is_in_nobodys_way(tmp_path: Path) -> None:
    """It keeps its number and its images, whatever else it writes down of its hosts."""
    host = {"name": "app-1", "suite": "bookworm", "image": "b-9", "colour": "red"}
    (tmp_path / "newer").mkdir()
    (tmp_path / "newer" / "state.json").write_text(json.dumps({"name": "newer", "number": 0, "hosts": [host]}))

    assert 1 == allot(tmp_path, "local", []).number
    assert {"b-9"} == images_in_use(tmp_path)
