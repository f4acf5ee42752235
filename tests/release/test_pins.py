"""Requirements files and their hashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from slackwater.release._pins import Pin, narrowed, parse_all, read

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def test_a_requirement_goes_on_over_several_lines(tmp_path: Path) -> None:
    """Comments, options and continued lines are what pip takes them for; a pin knows its line."""
    hashed = f"six==1.0 \\\n    --hash={A} \\\n    --hash={B}  # why\n"
    (tmp_path / "r.txt").write_text(f"# first\n--prefer-binary\n{hashed}\nh11>=0.1 ; python_version>'3'\n")
    expected = [
        Pin("six==1.0", frozenset({A, B}), "app/r.txt:3"),
        Pin("h11>=0.1 ; python_version>'3'", frozenset(), "app/r.txt:7"),
    ]

    assert expected == list(read(tmp_path / "r.txt", "app/r.txt"))


def test_included_files_are_read_too(tmp_path: Path) -> None:
    """A hash in a file named by -r or -c counts as one in the file itself."""
    (tmp_path / "base").mkdir()
    (tmp_path / "r.txt").write_text("-r base/r.txt\n-c c.txt\n")
    (tmp_path / "base/r.txt").write_text(f"six==1.0 --hash={A}\n")
    (tmp_path / "c.txt").write_text(f"h11==1.0 --hash={B}\n")

    assert ["app/base/r.txt:1", "app/c.txt:1"] == [pin.where for pin in read(tmp_path / "r.txt", "app/r.txt")]


@pytest.mark.parametrize(
    ("author", "covered"),
    [
        ("six==1.0", True),
        ("SIX[extra]==1.0 ; python_version > '3'", True),
        ("six>=0.9", True),
        ("six==2.0", False),
        ("seven==1.0", False),
        ("six @ https://example.invalid/six.whl", False),
    ],
)
def test_a_hash_counts_for_the_version_it_was_written_for(author: str, covered: bool) -> None:
    """A pin of another version, name or address says nothing about this one."""
    assert covered is Pin(author, frozenset(), "").covers(Pin("six==1.0", frozenset(), ""))


def test_only_hashes_that_the_author_gave_are_left() -> None:
    """The index may offer more files; hosts take none that the author did not name."""
    (resolved,) = parse_all(f"six==1.0 \\\n    --hash={A} \\\n    --hash={B}\n", "")

    assert f"six==1.0 \\\n    --hash={B}\n" == str(narrowed(resolved, [Pin("six==1.0", frozenset({B}), "")]))
