"""The commit that a manifest names."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from slackwater import App, Source
from slackwater.release import open_releases
from slackwater.release._commit import commit
from slackwater.settings import Store

Write = Callable[[dict[str, str]], Path]
FILES = {"hello.py": "app = 1\n", "docs/a.md": "a\n", ".gitignore": "*.log\n"}


def git(folder: Path, *words: str) -> str:
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *author, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def head(write: Write, project: Path) -> str:
    """The project is a checkout, and the app's source one directory of it."""
    write(FILES)
    (project / "deploy.py").write_text("")
    git(project, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "--message", "one")
    return git(project, "rev-parse", "HEAD")


def found(project: Path, exclude: tuple[str, ...] = ()) -> str | None:
    names = {path.relative_to(project / "app").as_posix() for path in (project / "app").rglob("*") if path.is_file()}
    return commit(project / "app", {name for name in names if not name.startswith(exclude)}, exclude)


def test_a_clean_source_is_its_commit(head: str, project: Path) -> None:
    """Changes beside the source are none of the release."""
    (project / "deploy.py").write_text("changed")

    assert head == found(project)


@pytest.mark.parametrize("change", [{"hello.py": "app = 2\n"}, {"new.py": ""}, {"ä b.py": ""}, {"a.log": ""}])
def test_a_changed_source_is_dirty(head: str, project: Path, write: Write, change: dict[str, str]) -> None:
    """Changed, new, or ignored by git but not by the release: the commit has not what hosts get."""
    write(change)

    assert f"{head}-dirty" == found(project)


def test_a_removed_file_is_dirty(head: str, project: Path) -> None:
    """It is in the commit and not in the release."""
    (project / "app/hello.py").unlink()

    assert f"{head}-dirty" == found(project)


def test_what_is_left_out_is_not_dirty(head: str, project: Path, write: Write) -> None:
    """Excluded by the settings, or by custom."""
    write({"docs/a.md": "changed\n", ".env": "A=1\n", "__pycache__/hello.pyc": ""})
    (project / "app/docs/b.md").write_text("new")

    assert head == commit(project / "app", {"hello.py", ".gitignore"}, ("docs",))


def test_what_is_no_checkout_has_no_commit(write: Write, project: Path) -> None:
    """Nor has one without any commit."""
    write(FILES)
    none = found(project)
    git(project, "init", "--quiet")

    assert (None, None) == (none, found(project))


def test_a_manifest_names_the_commit(head: str, project: Path, write: Write, tmp_path: Path) -> None:
    """The archive does not: it is the same from every checkout."""
    app = App(name="hello", entrypoint="hello:app", source=Source.directory("app", exclude=["docs"]))
    stores = [open_releases(Store.directory(str(tmp_path / name)), project) for name in ("one", "two")]
    one = stores[0].build(app)
    write({"docs/a.md": "changed\n"})
    git(project, "commit", "--quiet", "--all", "--message", "two")
    two = stores[1].build(app)

    assert (head, git(project, "rev-parse", "HEAD")) == (one.manifest.commit, two.manifest.commit)
    assert one.sha256 == two.sha256
