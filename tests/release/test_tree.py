"""Which files belong to a release."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from slackwater.errors import ReleaseError
from slackwater.release._tree import belongs, copy, entries

Write = Callable[[dict[str, str]], Path]


def names(root: Path, *exclude: str) -> list[str]:
    return [entry.name for entry in entries(root, exclude)]


@pytest.mark.parametrize("secret", [".env", "prod.env", ".env.production", "conf/.env", "conf/staging.env"])
def test_a_file_of_secrets_never_belongs(write: Write, secret: str) -> None:
    """What holds secrets by custom stays on the operator's machine, wherever in the tree it is."""
    root = write({"hello.py": "", secret: "PASSWORD=x"})

    assert ["hello.py"] == names(root)


@pytest.mark.parametrize(
    "left", [".git/HEAD", "a/__pycache__/a.pyc", "b.pyc", ".venv/x", "node_modules/x/y.js", "hello.egg-info/PKG-INFO"]
)
def test_what_other_programs_leave_behind_does_not_belong(write: Write, left: str) -> None:
    """Operators whose checkouts differ only in leftovers build the same release."""
    root = write({"hello.py": "", left: "x"})

    assert ["hello.py"] == names(root)


def test_a_virtual_environment_does_not_belong_under_any_name(write: Write) -> None:
    """A directory with a pyvenv.cfg is one, whatever it is called."""
    root = write({"hello.py": "", "my-python/pyvenv.cfg": "home = /usr", "my-python/bin/x": ""})

    assert ["hello.py"] == names(root)


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        ("docs", ["a.py", "a/docs.md"]),
        ("docs/", ["a.py", "a/docs.md"]),
        ("docs/*", ["a.py", "a/docs.md"]),
        ("*.md", ["a.py"]),
        ("a/docs.md", ["a.py", "docs/x.md"]),
    ],
)
def test_patterns_leave_out_names_and_paths(write: Write, pattern: str, kept: list[str]) -> None:
    """A pattern without a slash is any file's or directory's name, one with a slash is a path in the tree."""
    root = write({"a.py": "", "a/docs.md": "", "docs/x.md": ""})

    assert kept == names(root, pattern)


def test_a_path_belongs_unless_one_of_its_directories_is_left_out() -> None:
    """A file deep in an excluded directory is excluded too."""
    assert [True, False] == [belongs("a/b/c", exclude) for exclude in ([], ["b"])]


def test_a_link_within_the_tree_stays_a_link(write: Write, tmp_path: Path) -> None:
    """Links arrive as they were written."""
    root = write({"sub/a.txt": "text"})
    (root / "sub/b.txt").symlink_to("a.txt")

    copy(entries(root), tmp_path / "copy")

    assert Path("a.txt") == (tmp_path / "copy/sub/b.txt").readlink()


@pytest.mark.parametrize("target", ["/etc/hostname", "../../secret", "../.."])
def test_a_link_out_of_the_tree_is_refused(write: Write, target: str) -> None:
    """On a host it would lead nowhere, or somewhere else."""
    root = write({"sub/a.txt": ""})
    (root / "sub/b.txt").symlink_to(target)

    with pytest.raises(ReleaseError, match=r"sub/b\.txt is a link to .* outside of the source tree"):
        entries(root)
