"""Apps that are packages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from slackwater.errors import ReleaseError
from slackwater.release._wheel import build_wheel, pyproject

Write = Callable[[dict[str, str]], Path]


def test_a_package_becomes_a_wheel(package: Path, tmp_path: Path) -> None:
    """By the build backend that it names itself."""
    assert "hello_shop-1.0-py3-none-any.whl" == build_wheel("hello", package, tmp_path / "out", "app").name


def test_a_wheel_for_this_machine_only_is_refused(package: Path, tmp_path: Path) -> None:
    """Hosts may have another Python, C library or processor."""
    backend = package / "backend.py"
    backend.write_text(backend.read_text().replace("py3-none-any.whl", "cp311-cp311-linux_x86_64.whl", 1))

    with pytest.raises(
        ReleaseError, match=r"app builds into hello_shop-1\.0-cp311-cp311-linux_x86_64\.whl, which fits only"
    ):
        build_wheel("hello", package, tmp_path / "out", "app")


def test_a_build_that_fails_is_named(package: Path, tmp_path: Path) -> None:
    """The sentence has the app and the backend's own words."""
    (package / "backend.py").write_text("def build_wheel(*a, **k): raise ValueError('no readme here')\n")

    with pytest.raises(
        ReleaseError, match=r"(?s)app hello: app could not be built into a wheel; uv says:.*no readme here"
    ):
        build_wheel("hello", package, tmp_path / "out", "app")


def test_a_broken_pyproject_is_named(write: Write) -> None:
    """With its line."""
    root = write({"pyproject.toml": "[project\n"})

    with pytest.raises(ReleaseError, match=r"app/pyproject\.toml is not valid TOML: .*line 1"):
        pyproject(root, "app")
