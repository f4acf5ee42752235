"""Releases on disk: installed by the real uv from wheels in the archive, shared, mended, published."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uv

from slackwater.agents.slots import environments
from slackwater.agents.slots.layout import Layout, target
from slackwater.agents.slots.locks import lock
from slackwater.agents.slots.programs import ReleaseError
from slackwater.agents.slots.prune import prune
from slackwater.agents.slots.releases import Order, install, publish
from slackwater.agents.slots.switch import record
from tests.agents.conftest import MakeRelease, MakeSlot

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a release belongs to root")


@dataclass(frozen=True)
class Archive:
    """What the archive of a release holds; `needs` are packages whose wheels lie in it."""

    needs: dict[str, str] = field(default_factory=lambda: {"tide": "1.0"})
    own: dict[str, str] = field(default_factory=dict)
    code: str = "app = None\n"
    requirements: str | None = None


def wheel(folder: Path, name: str, text: str) -> Path:
    """A package `name` 1.0 whose module says `text`."""
    folder.mkdir(parents=True, exist_ok=True)
    path, info = folder / f"{name}-1.0-py3-none-any.whl", f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": f"text = {text!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{file},{_digest(content)},{len(content)}" for file, content in files.items()]
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in {**files, f"{info}/RECORD": "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"}.items():
            archive.writestr(zipfile.ZipInfo(file), content)
    return path


def _digest(content: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()


Pack = Callable[..., Order]


@pytest.fixture
def pack(layout: Layout, tmp_path: Path) -> Pack:
    """`pack("r1", Archive(…))` is the order to install it; uv is the real one, and it reaches no index."""
    program = layout.root / "opt/slackwater/uv/bin/uv"
    program.parent.mkdir(parents=True)
    program.symlink_to(uv.find_uv_bin())

    def make(release: str, holds: Archive | None = None) -> Order:
        holds = holds or Archive()
        root = tmp_path / "packed" / f"{release}-{time.monotonic_ns()}"
        (root / "app").mkdir(parents=True)
        (root / "app/shop.py").write_text(holds.code)
        needs = [wheel(root / "wheels/index", name, text) for name, text in holds.needs.items()]
        lines = [f"{path.name.split('-')[0]}==1.0 --hash=sha256:{_sha256(path)}\n" for path in needs]
        (root / "requirements.txt").write_text("".join(lines) if holds.requirements is None else holds.requirements)
        for name, text in holds.own.items():
            wheel(root / "wheels", name, text)
        (root / "release.json").write_text(json.dumps({"id": release, "wheels": True}))
        archive = layout.root / f"{release}.tar.gz"
        subprocess.run(["tar", "-czf", archive, "-C", root, *sorted(path.name for path in root.iterdir())], check=True)
        return Order(release, archive, _sha256(archive), "root", sys.executable)

    return make


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def says(layout: Layout, release: str, module: str) -> str:
    """What the module of the release's environment says, asked with its own interpreter."""
    python = layout.release(release) / "venv/bin/python"
    words = [python, "-c", f"import {module}; print({module}.text)"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def environment_of(layout: Layout, release: str) -> str:
    return str(target(layout.release(release) / "venv"))


def built(layout: Layout) -> list[str]:
    return sorted(path.name for path in (layout.home / "environments").iterdir())


def test_a_release_is_installed_from_its_own_wheels(layout: Layout, pack: Pack) -> None:
    """No index is asked; the wheels go once they are installed, the archive too."""
    order = pack("r1", Archive(needs={"tide": "high"}, own={"shop": "own"}))
    install(layout, order)

    assert ("high", "own") == (says(layout, "r1", "tide"), says(layout, "r1", "shop"))
    assert ["r1"] == layout.releases()
    assert not (layout.release("r1") / "wheels/index").exists()
    assert not order.archive.exists()
    assert 0o750 == (layout.environment(environment_of(layout, "r1"))).stat().st_mode & 0o777


def test_identical_requirements_are_built_once(layout: Layout, pack: Pack) -> None:
    """The second release uses the same files, and its code is its own."""
    for release, code in (("r1", "one"), ("r2", "two")):
        install(layout, pack(release, Archive(code=f"app = {code!r}\n")))
    link = layout.release("r2") / "venv"

    assert environment_of(layout, "r1") == environment_of(layout, "r2")
    assert [environment_of(layout, "r1")] == built(layout)
    assert not link.readlink().is_absolute()
    assert not (layout.release("r2") / "wheels/index").exists()


@pytest.mark.parametrize(
    "other",
    [Archive(needs={"tide": "other"}), Archive(needs={"tide": "1.0", "moon": "full"}), Archive(own={"shop": "own"})],
    ids=["another content", "one more", "a wheel of its own"],
)
def test_other_requirements_are_another_environment(layout: Layout, pack: Pack, other: Archive) -> None:
    """What the first release runs on is not touched by the second."""
    install(layout, pack("r1"))
    install(layout, pack("r2", other))

    assert environment_of(layout, "r1") != environment_of(layout, "r2")
    assert "1.0" == says(layout, "r1", "tide")


def test_a_wheel_that_is_not_what_was_locked_is_refused(layout: Layout, pack: Pack) -> None:
    """Nothing is left of the attempt: on a full disk it would keep the disk full."""
    wrong = Archive(requirements=f"tide==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(ReleaseError, match="tide"):
        install(layout, pack("r1", wrong))

    assert [] == list((layout.home / "releases").iterdir())
    assert [] == built(layout)


def test_an_environment_that_no_release_uses_goes(layout: Layout, pack: Pack) -> None:
    """With the release that used it last; the one that is shared stays."""
    shared = {"tide": "shared"}
    for release, needs in (("r1", {"tide": "old"}), ("r2", shared), ("r3", shared)):
        install(layout, pack(release, Archive(needs=needs)))
    subprocess.run(["rm", "-r", layout.release("r1"), layout.release("r2")], check=True)
    prune(layout)

    assert [environment_of(layout, "r3")] == built(layout)
    assert "shared" == says(layout, "r3", "tide")


def test_no_environment_goes_while_it_cannot_be_told_which_is_live(
    layout: Layout, pack: Pack, make_slot: MakeSlot
) -> None:
    """Somebody removed the live release's link; the app still runs on what it pointed to, and gets it back."""
    install(layout, pack("r1"))
    make_slot("r1-aaaaaaaa", "r1")
    record(layout, "r1-aaaaaaaa", "r1")
    used = environment_of(layout, "r1")
    (layout.environment(used) / "in-use").write_text("by the app")
    (layout.release("r1") / "venv").unlink()
    prune(layout)
    install(layout, pack("r1"))

    assert used == environment_of(layout, "r1")
    assert (layout.environment(used) / "in-use").exists()


def test_an_environment_is_not_pruned_while_another_is_made(layout: Layout, pack: Pack) -> None:
    """The one that is being built belongs to no release yet."""
    (layout.home / "environments/being-built").mkdir(parents=True)
    with lock(layout, "install"):
        prune(layout)

    assert ["being-built"] == built(layout)


def leave_half(layout: Layout, release: str) -> None:
    """What a power cut leaves in the middle of building the environment of `release`."""
    home = layout.environment(environment_of(layout, release))
    (home / environments.MARKER).unlink()
    (home / "lib").rename(home / "half")
    cache = layout.root / "var/cache/slackwater"
    (cache / "uv/torn").mkdir(exist_ok=True)
    (cache / "shop.building").write_text(home.name)


def test_what_an_install_that_died_left_is_made_anew(layout: Layout, pack: Pack) -> None:
    """Half a release, half an environment, and a cache that a power cut may have torn."""
    install(layout, pack("r1"))
    leave_half(layout, "r1")
    (layout.release("r1") / "release.json").unlink()
    (layout.release("r0") / "app").mkdir(parents=True)
    install(layout, pack("r2"))

    assert "1.0" == says(layout, "r2", "tide")
    assert ["r2"] == sorted(path.name for path in (layout.home / "releases").iterdir())
    assert ["uv"] == sorted(path.name for path in (layout.root / "var/cache/slackwater").iterdir())
    assert not (layout.root / "var/cache/slackwater/uv/torn").exists()


def test_half_an_environment_is_not_taken_for_whole_because_others_use_it(layout: Layout, pack: Pack) -> None:
    """It was lost and was being made again when the power went."""
    install(layout, pack("r1"))
    leave_half(layout, "r1")
    install(layout, pack("r2"))

    assert ["1.0", "1.0"] == [says(layout, release, "tide") for release in ("r1", "r2")]


def test_a_release_that_serves_is_not_built_anew(layout: Layout, pack: Pack, make_slot: MakeSlot) -> None:
    """It has only lost its markers: its files are in use, and the archive says what the marker was."""
    install(layout, pack("r1"))
    make_slot("r1-aaaaaaaa", "r1")
    record(layout, "r1-aaaaaaaa", "r1")
    place = layout.release("r1")
    (place / "app/in-use").write_text("by the app")
    (place / "venv/in-use").write_text("by the app")
    (place / "release.json").unlink()
    (place / "venv" / environments.MARKER).unlink()
    install(layout, pack("r1"))

    assert "r1" == json.loads((place / "release.json").read_text())["id"]
    assert (place / "app/in-use").exists()
    assert (place / "venv/in-use").exists()
    assert environments.has_one(place)


def test_a_lost_environment_is_made_again(layout: Layout, pack: Pack) -> None:
    """The release's own files stay as they are."""
    install(layout, pack("r1"))
    place = layout.release("r1")
    (place / "app/in-use").write_text("by the app")
    publish(layout, "r1", ["."])
    subprocess.run(["rm", "-r", layout.environment(environment_of(layout, "r1"))], check=True)
    install(layout, pack("r1"))

    assert "1.0" == says(layout, "r1", "tide")
    assert 0o4 == (place / "app/in-use").stat().st_mode & 0o7, "nginx can no longer read what was published"


def test_a_whole_release_is_left_alone(layout: Layout, pack: Pack) -> None:
    """Not even its archive is looked at."""
    install(layout, pack("r1"))
    before = (layout.release("r1") / "release.json").stat().st_mtime_ns
    order = pack("r1")
    order.archive.write_bytes(b"half an upload")
    install(layout, order)

    assert before == (layout.release("r1") / "release.json").stat().st_mtime_ns


def test_two_installs_at_once_end_whole(layout: Layout, pack: Pack) -> None:
    """One waits for the other."""
    orders = [pack("r1"), pack("r2")]

    def one(order: Order) -> None:
        with lock(layout, "install"):
            install(layout, order)

    threads = [threading.Thread(target=one, args=[order]) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {"r1", "r2"} == set(layout.releases())
    assert ["1.0", "1.0"] == [says(layout, release, "tide") for release in ("r1", "r2")]


def test_a_tampered_archive_is_never_unpacked(layout: Layout, tmp_path: Path) -> None:
    """The sha256 is asked first."""
    archive = tmp_path / "r1.tar.gz"
    archive.write_bytes(b"not what was built")

    with pytest.raises(ReleaseError, match="is not the archive that was built"):
        install(layout, Order("r1", archive, "0" * 64, "root", "/usr/bin/python3"))
    assert not layout.release("r1").exists()


def test_published_files_are_open_and_the_rest_is_not(layout: Layout, make_release: MakeRelease) -> None:
    """The way to the static folder may be walked, its files be read; the code beside it may not."""
    make_release("r1", 1)
    app = layout.release("r1") / "app"
    (app / "web/static/css").mkdir(parents=True)
    for name in ("web/static/css/a.css", "web/secret.py"):
        (app / name).write_text("x")
        (app / name).chmod(0o640)
    for folder in (layout.release("r1"), app, app / "web", app / "web/static", app / "web/static/css"):
        folder.chmod(0o750)
    publish(layout, "r1", ["web/static"])
    others = {path.relative_to(app).as_posix(): path.stat().st_mode & 0o7 for path in app.rglob("*")}

    assert 0o1 == layout.release("r1").stat().st_mode & 0o7
    assert {"web": 1, "web/secret.py": 0, "web/static": 5, "web/static/css": 5, "web/static/css/a.css": 4} == others


def test_a_changed_static_file_has_another_time_on_every_host_the_same(
    layout: Layout, make_release: MakeRelease
) -> None:
    """nginx's ETag is made of size and time, and an archive carries no times."""
    times = []
    for release, content in (("r1", "tide one"), ("r2", "tide two"), ("r3", "tide one")):
        make_release(release, 1)
        (layout.release(release) / "app/static").mkdir(parents=True)
        file = layout.release(release) / "app/static/tides.txt"
        file.write_text(content)
        publish(layout, release, ["static"])
        times.append(file.stat().st_mtime)

    assert times[0] == times[2] != times[1]
    assert max(times) < time.time()
