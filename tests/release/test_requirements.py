"""The resolution: by the real uv, from the real index."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from slackwater.errors import ReleaseError
from slackwater.release._identity import server_pins
from slackwater.release._requirements import Wanted, resolve

Write = Callable[[dict[str, str]], Path]
WRONG = "sha256:" + "0" * 64


def resolved(root: Path, file: str = "requirements.txt", own: str | None = None) -> str:
    return resolve(Wanted("hello", root / file, f"app/{file}", server_pins(), "3.11", own), root)


def hashes_of(package: str, text: str) -> list[str]:
    _, _, rest = text.partition(f"{package}==")
    return [word.removeprefix("--hash=") for word in rest.split("==")[0].split() if word.startswith("--hash=")]


def test_the_server_comes_with_every_app_and_everything_has_hashes(write: Write) -> None:
    """gunicorn and its workers are in the same resolution as the app's own dependencies."""
    text = resolved(write({"requirements.txt": "six\n"}))
    packages = {line.split("==")[0] for line in text.splitlines() if "==" in line}

    assert {"six", "gunicorn", "uvicorn", "uvicorn-worker", "uvloop", "httptools"} <= packages
    assert set() == {package for package in packages if not hashes_of(package, text)}
    assert ("http" in text.replace("httptools", ""), str(Path.home()) in text) == (False, False)


def test_a_hash_that_the_author_gave_is_the_only_one_allowed(write: Write) -> None:
    """uv writes every hash that the index has; an author who names one file means that one."""
    both = hashes_of("six", resolved(write({"requirements.txt": "six==1.17.0\n"})))
    text = resolved(write({"requirements.txt": f"six==1.17.0 --hash={both[0]}\n"}))

    assert ([both[0]], 2) == (hashes_of("six", text), len(both))


def test_a_wrong_hash_fails_the_build_with_its_place(write: Write) -> None:
    """uv resolves past a wrong hash without a word; here it ends the build, not the first host's installation."""
    root = write({"requirements.txt": f"# pinned\nsix==1.17.0 \\\n    --hash={WRONG}\n"})

    with pytest.raises(ReleaseError, match=r"app hello: none of the hashes at app/requirements\.txt:2 .*six==1\.17\.0"):
        resolved(root)


def test_a_version_that_does_not_exist_is_named(write: Write) -> None:
    """The sentence has the app and its file, and uv's own words."""
    root = write({"requirements.txt": "six==99\n"})

    with pytest.raises(
        ReleaseError, match=r"(?s)app hello: the dependencies in app/requirements\.txt .*uv says:.*six==99"
    ):
        resolved(root)


def test_a_server_of_another_version_is_refused(write: Write) -> None:
    """What the library was measured with is what runs."""
    root = write({"requirements.txt": "gunicorn==23.0.0\n"})

    with pytest.raises(ReleaseError, match=r"(?s)app/requirements\.txt and the server's pins .*gunicorn==27"):
        resolved(root)


@pytest.mark.parametrize("line", ["./lib", "-e ./lib"])
def test_a_path_among_the_requirements_is_refused(write: Write, line: str) -> None:
    """It has no hash, and hosts do not have that path."""
    lib = {"lib/pyproject.toml": '[project]\nname = "lib"\nversion = "1"\n'}
    root = write({"requirements.txt": f"{line}\n", **lib})

    with pytest.raises(ReleaseError, match=r"app/requirements\.txt leads to '.*lib', which has no hash"):
        resolved(root)
