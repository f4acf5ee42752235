"""A release's id."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from slackwater import App, Source
from slackwater.errors import ReleaseError
from slackwater.release import identify

Write = Callable[[dict[str, str]], Path]
FILES = {"hello.py": "app = 1\n", "static/a.css": "a {}\n"}


def test_the_same_source_has_the_same_id_on_another_machine(write: Write, app: App, tmp_path: Path) -> None:
    """Neither where the checkout is nor its times count."""
    shutil.copytree(write(FILES), tmp_path / "elsewhere/app")
    os.utime(tmp_path / "elsewhere/app/hello.py", (1, 1))

    assert identify(app, tmp_path / "project") == identify(app, tmp_path / "elsewhere")


def test_an_id_is_src_and_twelve_hex_digits(write: Write, app: App, project: Path) -> None:
    """It is a name for units, sockets and directories."""
    write(FILES)
    word, _, digits = identify(app, project).partition("-")

    assert ("src", 12, True) == (word, len(digits), set(digits) <= set("0123456789abcdef"))


@pytest.mark.parametrize("change", [{"hello.py": "app = 2\n"}, {"static/b.css": "a {}\n"}, {"requirements.txt": "six"}])
def test_another_content_or_another_file_is_another_release(
    write: Write, app: App, project: Path, change: dict[str, str]
) -> None:
    """Whatever a host would get counts."""
    write(FILES)
    before = identify(app, project)
    write(change)

    assert before != identify(app, project)


def test_a_file_that_becomes_a_program_is_another_release(write: Write, app: App, project: Path) -> None:
    """The x bit reaches the host, so it counts; the other modes do not."""
    path = write(FILES) / "hello.py"
    ids = [identify(app, project) for mode in (0o644, 0o600, 0o755) if not path.chmod(mode)]

    assert [True, False] == [ids[0] == ids[1], ids[0] == ids[2]]


@pytest.mark.parametrize("field", [{"entrypoint": "hello:other"}, {"interface": "wsgi"}, {"python": "3.12"}])
def test_what_the_release_says_of_itself_counts(write: Write, app: App, project: Path, field: dict[str, str]) -> None:
    """An archive under one id always holds the same release.json."""
    write(FILES)
    other = App(**{"name": "hello", "entrypoint": "hello:app", "source": app.source, **field})

    assert identify(app, project) != identify(other, project)


def test_archives_and_requirements_need_no_download() -> None:
    """Their id is there at once, also without a network."""
    url = "https://example.invalid/hello.tar.gz"
    sources = [
        Source.archive(url, sha256="0" * 64),
        Source.archive(url, sha256="1" * 64),
        Source.requirement("six==1.17.0"),
        Source.requirement("six==1.16.0"),
    ]
    found = {identify(App(name="hello", entrypoint="hello:app", source=each), Path("/nowhere")) for each in sources}

    assert 4 == len(found)


def test_a_source_that_is_not_there_is_named(app: App, project: Path) -> None:
    """The sentence has the app, the directory and the project."""
    with pytest.raises(ReleaseError, match=r"app hello: its source, the directory app, is not in .*project"):
        identify(app, project)
