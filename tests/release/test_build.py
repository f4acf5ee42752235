"""Whole releases, built by the real uv."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from uv import find_uv_bin

from slackwater import App, Source
from slackwater.errors import ReleaseError
from slackwater.release import Release, build, identify, open_releases
from slackwater.settings import Store

Write = Callable[[dict[str, str]], Path]
HELLO = {"hello.py": "app = None\n", "static/a.css": "a {}\n"}

BUILD = """
import sys
from pathlib import Path
from slackwater import App, Source
from slackwater.release import build
app = App(name="hello", entrypoint="hello:app", source=Source.directory("app"))
build(app, project=Path(sys.argv[1]), store=Path(sys.argv[2]), say=lambda text: print(text, flush=True))
"""


def contents(release: Release) -> dict[str, bytes]:
    with tarfile.open(release.archive) as tar:
        return {info.name: file.read() if (file := tar.extractfile(info)) else b"" for info in tar}


def test_a_directory_becomes_an_archive(write: Write, app: App, project: Path, tmp_path: Path) -> None:
    """The app's tree, its resolved requirements, room for wheels, and what it is."""
    write(HELLO)
    release = build(app, project=project, store=tmp_path / "store")
    expected = {"app", "app/hello.py", "app/static", "app/static/a.css", "release.json", "requirements.txt", "wheels"}

    assert expected == set(contents(release))
    assert hashlib.sha256(release.archive.read_bytes()).hexdigest() == release.sha256
    assert f"{identify(app, project)}-{release.sha256[:12]}.tar.gz" == release.archive.name
    assert tmp_path / "store/hello" == release.archive.parent


def test_a_release_says_what_it_is(write: Write, app: App, project: Path, tmp_path: Path) -> None:
    """A host that has nothing but the archive knows what to start."""
    write(HELLO)
    release = build(app, project=project, store=tmp_path / "store")
    expected = {"id": release.id, "app": "hello", "interface": "asgi", "entrypoint": "hello:app", "python": None}
    source = {"kind": "directory", "path": "app"}

    assert {**expected, "wheels": False, "source": source} == json.loads(contents(release)["release.json"])


def test_two_stores_get_the_same_bytes(write: Write, app: App, project: Path, tmp_path: Path) -> None:
    """Nothing of the machine or of the day is in the archive."""
    write(HELLO)
    one, two = (build(app, project=project, store=tmp_path / name) for name in ("one", "two"))

    assert one.archive.read_bytes() == two.archive.read_bytes()
    assert str(tmp_path).encode() not in b"".join(contents(one).values())


def test_a_release_is_built_once(write: Write, app: App, project: Path, tmp_path: Path) -> None:
    """The second time it is only verified, and said so."""
    write(HELLO)
    said: list[str] = []
    first, second = (build(app, project=project, store=tmp_path / "store", say=said.append) for _ in range(2))

    assert first == second
    assert ["resolving app", "packed, 20 kB", f"stored in {tmp_path}/store", "already built"] == [
        re.sub(r"\d+ kB", "20 kB", text.partition(": ")[2]) for text in said
    ]


def test_two_builds_at_once_give_one_release(write: Write, app: App, project: Path, tmp_path: Path) -> None:
    """One builds, the other takes what it built."""
    write(HELLO)
    said: list[str] = []
    with ThreadPoolExecutor() as pool:
        builds = [pool.submit(build, app, project=project, store=tmp_path / "store", say=said.append) for _ in range(3)]
        releases = {each.result() for each in builds}

    assert (1, 1) == (len(releases), sum("packed" in text for text in said))


def test_a_build_that_was_killed_is_built_again(write: Write, app: App, project: Path, tmp_path: Path) -> None:
    """Its lock died with it, and what it left is no release."""
    write(HELLO)
    command = [sys.executable, "-c", BUILD, str(project), str(tmp_path / "store")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
        said = killed.stdout.readline() if killed.stdout else ""
        killed.send_signal(signal.SIGKILL)
    release = build(app, project=project, store=tmp_path / "store")

    assert (True, True) == ("resolving" in said, release.archive.is_file())


def test_no_secret_enters_an_archive_or_its_wheel(package: Path, app: App, project: Path, tmp_path: Path) -> None:
    """The store is read by more people and machines than the operator's own directory."""
    for name in (".env", "prod.env", ".env.local"):
        (package / name).write_text("PASSWORD=hunter2\n")
    found = contents(build(app, project=project, store=tmp_path / "store"))
    with zipfile.ZipFile(io.BytesIO(found["wheels/hello_shop-1.0-py3-none-any.whl"])) as wheel:
        inside = b"".join(wheel.read(name) for name in wheel.namelist())

    assert b"hunter2" not in b"".join(found.values()) + inside


def test_a_package_comes_as_a_wheel_and_as_its_tree(package: Path, app: App, project: Path, tmp_path: Path) -> None:
    """Its dependencies are resolved, itself is not among them, and its backend's litter stays out."""
    found = contents(build(app, project=project, store=tmp_path / "store"))
    text = found["requirements.txt"].decode()

    assert {"wheels/hello_shop-1.0-py3-none-any.whl", "app/hello.py", "app/pyproject.toml"} <= set(found)
    assert (True, False) == ("six==1.17.0" in text, "hello" in text.lower())
    assert [] == [name for name in found if "build" in name] + list(package.glob("build"))


def test_a_package_may_name_itself_in_its_requirements(
    package: Path, write: Write, app: App, project: Path, tmp_path: Path
) -> None:
    """`-e .` beside pinned dependencies is common; the wheel stands for it."""
    write({"requirements.txt": "-e .\nh11==0.16.0\n"})
    text = contents(build(app, project=project, store=tmp_path / "store"))["requirements.txt"].decode()

    assert (True, True, False) == ("h11==0.16.0" in text, "six==1.17.0" in text, "-e" in text.split())


def test_a_pyproject_of_settings_only_makes_no_package(write: Write, app: App, project: Path, tmp_path: Path) -> None:
    """Many plain apps have one for their formatter."""
    write({**HELLO, "pyproject.toml": "[tool.ruff]\nline-length = 100\n"})
    found = contents(build(app, project=project, store=tmp_path / "store"))

    assert [] == [name for name in found if name.startswith("wheels/")]


def test_a_requirement_needs_no_tree(tmp_path: Path) -> None:
    """A package from the index is an app by its entrypoint alone."""
    app = App(name="hello", entrypoint="six:moves", source=Source.requirement("six==1.17.0"))
    found = contents(build(app, project=tmp_path, store=tmp_path / "store"))

    assert {"app", "release.json", "requirements.txt", "wheels"} == set(found)
    assert b"six==1.17.0" in found["requirements.txt"]


def test_an_archive_is_built_like_a_directory(write: Write, app: App, project: Path, tmp_path: Path) -> None:
    """Its top directory is stripped, its secrets and leftovers stay out."""
    root = write({**HELLO, ".env": "PASSWORD=x"})
    with tarfile.open(tmp_path / "hello.tar.gz", "w:gz") as tar:
        tar.add(root, "hello-1.0")
    digest = hashlib.sha256((tmp_path / "hello.tar.gz").read_bytes()).hexdigest()
    source = Source.archive(f"file://{tmp_path}/hello.tar.gz", sha256=digest)
    other = App(name="hello", entrypoint="hello:app", source=source)
    found = contents(build(other, project=project, store=tmp_path / "store"))

    assert {"app", "app/hello.py", "app/static", "app/static/a.css"} == {
        name for name in found if name.startswith("app")
    }


def test_a_store_within_the_source_is_refused(write: Write, project: Path) -> None:
    """Each release would hold the ones before it; excluded, it may be there."""
    write(HELLO)
    inside = App(name="hello", entrypoint="hello:app", source=Source.directory("."))
    outside = App(name="hello", entrypoint="hello:app", source=Source.directory(".", exclude=["store"]))

    with pytest.raises(ReleaseError, match=r"app hello: the store .* is inside of the source \."):
        build(inside, project=project, store=project / "store")

    assert build(outside, project=project, store=project / "store").archive.is_file()


def test_a_release_with_wheels_needs_no_index(write: Write, app: App, project: Path, tmp_path: Path) -> None:
    """uv installs it from what is in the archive alone, a wheel that is required by its address among it."""
    write({**HELLO, "requirements.txt": f"six @ {_wheel_of_six(tmp_path)}\n"})
    pinned = app.model_copy(update={"python": "3.11"})
    release = open_releases(Store.directory(str(tmp_path / "store")), project).build(pinned, wheels=True)
    with tarfile.open(release.archive) as tar:
        tar.extractall(tmp_path / "host")
    uv = [find_uv_bin(), "--offline", "--no-cache", "--quiet"]
    subprocess.run([*uv, "venv", "--python", sys.executable, tmp_path / "venv"], check=True)
    wheels = ["--no-index", "--find-links", tmp_path / "host/wheels/index"]
    install = [*uv, "pip", "install", "--python", tmp_path / "venv/bin/python", *wheels, "--require-hashes"]
    subprocess.run([*install, "--requirement", tmp_path / "host/requirements.txt"], check=True)
    (installed,) = tmp_path.glob("venv/lib/python3.*/site-packages")

    assert (True, True) == ((installed / "six.py").is_file(), (installed / "gunicorn").is_dir())
    assert (True, f"{identify(pinned, project)}-wheels") == (release.manifest.wheels, release.id)
    assert json.loads((tmp_path / "host/release.json").read_text())["wheels"]


def _wheel_of_six(tmp_path: Path) -> str:
    """Where the package index of this machine has it."""
    (tmp_path / "six.in").write_text("six==1.17.0\n")
    compile_ = [
        find_uv_bin(),
        "--quiet",
        "pip",
        "compile",
        "--format",
        "pylock.toml",
        "--no-header",
        tmp_path / "six.in",
    ]
    environment = {**os.environ, "UV_SYSTEM_CERTS": "1"}
    done = subprocess.run(compile_, check=True, capture_output=True, text=True, env=environment)
    address: str = tomllib.loads(done.stdout)["packages"][0]["wheels"][0]["url"]
    return address


def test_what_slackwater_keeps_in_the_project_is_no_source(write: Write, project: Path) -> None:
    """The project may be the source: its store and its cache stay out."""
    write(HELLO)
    app = App(name="hello", entrypoint="app.hello:app", source=Source.directory("."))
    first, second = (build(app, project=project, store=project / ".slackwater/store") for _ in range(2))

    assert first == second
    assert [] == [name for name in contents(first) if ".slackwater" in name]


def test_a_store_that_cannot_be_written_is_named(write: Write, app: App, project: Path) -> None:
    """The file system's own words, in a sentence about the app."""
    write(HELLO)
    (project / "store").write_text("a file")

    with pytest.raises(ReleaseError, match=r"app hello: its release could not be built: .*store"):
        build(app, project=project, store=project / "store")


def test_the_source_may_be_changed_while_a_release_is_kept(
    write: Write, app: App, project: Path, tmp_path: Path
) -> None:
    """A new content is a new release beside the old one."""
    write(HELLO)
    first = build(app, project=project, store=tmp_path / "store")
    write({"hello.py": "app = 2\n"})
    second = build(app, project=project, store=tmp_path / "store")

    assert (True, True, True) == (first.id != second.id, first.archive.is_file(), second.archive.is_file())
