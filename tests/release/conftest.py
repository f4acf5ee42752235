"""Small apps in a project of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from slackwater import App, Source

Write = Callable[[dict[str, str]], Path]

BACKEND = """
import pathlib, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    pathlib.Path("build").mkdir()
    pathlib.Path("build/litter.txt").write_text("left behind")
    info = "hello_shop-1.0.dist-info"
    with zipfile.ZipFile(pathlib.Path(wheel_directory, NAME), "w") as wheel:
        for path in sorted(pathlib.Path().rglob("*")):
            if path.is_file():
                wheel.write(path, f"hello_shop/{path.as_posix()}")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: hello-shop\\nVersion: 1.0\\n")
        tags = "Root-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\\nGenerator: here\\n{tags}")
        wheel.writestr(f"{info}/RECORD", "")
    return NAME
"""

PYPROJECT = """
[project]
name = "Hello.Shop"
version = "1.0"
dependencies = ["six==1.17.0"]
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "project"


@pytest.fixture
def write(project: Path) -> Write:
    """Writes files into the project's directory `app`, and says where that is."""

    def files(contents: dict[str, str]) -> Path:
        for name, text in contents.items():
            path = project / "app" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return project / "app"

    return files


@pytest.fixture
def app() -> App:
    return App(name="hello", entrypoint="hello:app", source=Source.directory("app"))


@pytest.fixture
def package(write: Write) -> Path:
    """An app that is a package, with a build backend of its own that needs no index."""
    backend = f'NAME = "hello_shop-1.0-py3-none-any.whl"\n{BACKEND}'
    return write({"pyproject.toml": PYPROJECT, "backend.py": backend, "hello.py": "app = None\n"})
