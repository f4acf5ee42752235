"""Releases in a store of either kind: built, fetched, verified, listed."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest

from slackwater import App
from slackwater.errors import ReleaseError
from slackwater.release import Manifest, Releases, open_releases
from slackwater.settings import Store
from tests.release.conftest import Cloud

Write = Callable[[dict[str, str]], Path]
HELLO = {"hello.py": "app = None\n"}

KILLED = """
import sys, time
from pathlib import Path
from slackwater import App, Source
from slackwater.release import open_releases
from slackwater.settings import Store
def say(text):
    print(text, flush=True)
    time.sleep(60 if "stored" in text else 0)
app = App(name="hello", entrypoint="hello:app", source=Source.directory("app"))
open_releases(Store(kind=sys.argv[1], location=sys.argv[2]), Path(sys.argv[3])).build(app, id="1", say=say)
"""


@pytest.fixture(autouse=True)
def _source(write: Write) -> None:
    write(HELLO)


def elsewhere(store: Store, project: Path, name: str) -> Releases:
    """The same store seen from another machine: the same source, no cache."""
    (project.parent / name).mkdir()
    (project.parent / name / "app").symlink_to(project / "app")
    return open_releases(store, project.parent / name)


def test_a_release_is_fetched_on_another_machine(releases: Releases, app: App, store: Store, project: Path) -> None:
    """Its archive is there, whole and verified."""
    built = releases.build(app, id="2026-11-21.1")
    fetched = elsewhere(store, project, "other").get("hello", "2026-11-21.1")

    assert (built.id, built.sha256, built.manifest) == (fetched.id, fetched.sha256, fetched.manifest)
    assert built.sha256 == hashlib.sha256(fetched.archive.read_bytes()).hexdigest()


def test_a_manifest_says_what_the_release_is(releases: Releases, app: App) -> None:
    """What was built, from what, when."""
    release = releases.build(app, id="1")
    manifest, age = release.manifest, datetime.now(UTC) - datetime.fromisoformat(release.manifest.created)
    size = release.archive.stat().st_size
    expected = Manifest(
        "1", "hello", release.sha256, size, releases.source_of(app), None, None, manifest.created, False
    )

    assert expected == manifest
    assert 0 <= age.total_seconds() < 60
    assert manifest.dump() == releases.files.read("hello/1.json")


def test_without_an_id_a_release_is_named_after_its_source(releases: Releases, app: App) -> None:
    """And built once."""
    said: list[str] = []
    first, second = (releases.build(app, say=said.append) for _ in range(2))

    assert (releases.source_of(app), first) == (first.id, second)
    assert "already built" in said[-1]


def test_an_id_means_one_archive(releases: Releases, app: App, write: Write) -> None:
    """The same source is the same release; another one is refused."""
    first = releases.build(app, id="1")
    again = releases.build(app, id="1")
    write({"hello.py": "app = 2\n"})

    assert first == again
    with pytest.raises(ReleaseError, match=r"release 1 of hello exists since .* from another source .* choose another"):
        releases.build(app, id="1")
    assert first == releases.get("hello", "1")


def test_wheels_are_not_added_afterwards(releases: Releases, app: App) -> None:
    """An id means one archive for ever."""
    releases.build(app, id="1")

    with pytest.raises(ReleaseError, match=r"release 1 of hello exists since .* has no wheels: .* choose another"):
        releases.build(app, id="1", wheels=True)


@pytest.mark.parametrize("name", ["", ".", "-1", "a/b", "../1", "a..b", "1.", "a b", "ä", "1\n", "x" * 65])
def test_ids_that_name_no_file_are_refused(releases: Releases, app: App, name: str) -> None:
    """Also when they are only asked for."""
    with pytest.raises(ReleaseError, match="cannot be the name of a release: it must be a letter or digit, then"):
        releases.build(app, id=name)
    with pytest.raises(ReleaseError, match=r"has no release .* it has none yet"):
        releases.get("hello", name)


def test_an_unknown_id_is_answered_with_the_newest(releases: Releases, app: App) -> None:
    """The operator has mistyped it, or another store is meant."""
    manifest = releases.build(app, id="1").manifest
    for number in range(2, 8):
        later = replace(manifest, id=str(number), created=manifest.created[:-6] + f"{number}+00:00")
        releases.files.create(later.key, later.dump())

    with pytest.raises(ReleaseError, match=r"has no release '0' of hello; it has 7, 6, 5, 4, 3 and 2 more"):
        releases.get("hello", "0")


def test_releases_are_listed_newest_first(releases: Releases, app: App, write: Write) -> None:
    """Only releases: no pointer, no record of a rollout, no other app's."""
    made = [releases.build(app, id="b")]
    write({"hello.py": "app = 2\n"})
    made.append(releases.build(app, id="a"))
    for key in ("hello/changes/production.json", "hello/proved/production.json", "hello-2/c.json"):
        releases.files.create(key, b"{}")

    assert [release.manifest for release in reversed(made)] == releases.manifests("hello")
    assert [] == releases.manifests("blog")


@pytest.mark.parametrize("damage", [lambda data: data + b"x", lambda data: data[: len(data) // 2], lambda _: b""])
def test_an_archive_that_was_changed_is_refused(
    releases: Releases, app: App, store: Store, project: Path, damage: Callable[[bytes], bytes]
) -> None:
    """Tampered with or cut off: nothing of it is on this machine under the archive's name."""
    manifest = releases.build(app, id="1").manifest
    releases.files.write(manifest.archive, damage(releases.files.read(manifest.archive) or b""))
    other = elsewhere(store, project, "other")

    with pytest.raises(ReleaseError, match=rf"release 1: .* has sha256 \w+, but {manifest.sha256} was built"):
        other.get("hello", "1")
    with pytest.raises(ReleaseError, match=rf"release 1: .* has sha256 \w+, but {manifest.sha256} was built"):
        other.build(app, id="1")
    assert [] == [path for path in other.project.rglob(".slackwater/**/*.tar.gz") if path.is_file()]


def test_an_archive_that_is_gone_is_told(releases: Releases, app: App, store: Store, project: Path) -> None:
    """The manifest alone is no release."""
    releases.files.remove(releases.build(app, id="1").manifest.archive)

    with pytest.raises(ReleaseError, match=r"hello/1-\w+\.tar\.gz"):
        elsewhere(store, project, "other").get("hello", "1")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"id": "1", "app": "hello", "sha256": 1}'])
def test_a_damaged_manifest_is_refused(releases: Releases, app: App, text: str) -> None:
    """The sentence says which file; nothing is built over it."""
    releases.files.write("hello/1.json", text.encode())

    for act in (
        lambda: releases.build(app, id="1"), lambda: releases.get("hello", "1"), lambda: releases.manifests("hello")
    ):  # fmt: skip
        with pytest.raises(ReleaseError, match=r"hello/1\.json is not a release's manifest .* or remove it"):
            act()


def test_a_manifest_under_another_name_is_refused(releases: Releases, app: App) -> None:
    """Somebody copied it: two ids would mean one archive."""
    releases.files.write("hello/2.json", releases.build(app, id="1").manifest.dump())

    with pytest.raises(ReleaseError, match=r"hello/2\.json is the manifest of hello 1: it was moved or copied"):
        releases.get("hello", "2")


def test_a_build_killed_before_its_manifest_leaves_no_release(
    releases: Releases, app: App, store: Store, project: Path
) -> None:
    """The archive is in the store, and the next build makes the release."""
    command = [sys.executable, "-c", KILLED, store.kind, store.location, str(project)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout
        said = next(line for line in killed.stdout if "stored" in line)
        killed.send_signal(signal.SIGKILL)
    left = [releases.files.keys("hello/"), releases.manifests("hello")]
    release = releases.build(app, id="1")

    assert f"hello 1: stored in {releases.files.name}\n" == said
    assert [[release.manifest.archive], []] == left
    assert release == releases.get("hello", "1")


def built_at_once(store: Store, project: Path, apps: tuple[App, App]) -> list[object]:
    """Two machines build release 1; each has looked for it before the other has made it."""
    both = Barrier(2, timeout=30)

    def build(name: str, app: App) -> object:
        def say(text: str) -> None:
            if "resolving" in text:
                both.wait()

        try:
            return elsewhere(store, project, name).build(app, id="1", say=say)
        except ReleaseError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(build, ("one", "two"), apps))


@pytest.mark.usefixtures("cloud")
def test_two_machines_that_build_one_id_get_one_release(app: App, project: Path) -> None:
    """The second finds the first one's manifest and takes that release."""
    store = Store.s3("s3://tides")
    one, two = built_at_once(store, project, (app, app))

    assert one.manifest == two.manifest  # type: ignore[attr-defined]
    assert 2 == len(open_releases(store, project).files.keys("hello/"))


@pytest.mark.usefixtures("cloud")
def test_two_machines_that_build_one_id_of_two_sources(app: App, project: Path) -> None:
    """One has it, the other is refused, and the one's archive is untouched."""
    store = Store.s3("s3://tides")
    other = app.model_copy(update={"entrypoint": "hello:other"})
    results = built_at_once(store, project, (app, other))
    releases = open_releases(store, project)
    (refused,) = [each for each in results if isinstance(each, ReleaseError)]
    (made,) = [each for each in results if each is not refused]

    assert "was built from another source" in str(refused)
    assert made.manifest == releases.get("hello", "1").manifest  # type: ignore[attr-defined]
    assert ["hello/1.json", made.manifest.archive] == sorted(  # type: ignore[attr-defined]
        releases.files.keys("hello/"), key=len
    )


def test_a_download_that_breaks_off_is_no_release(cloud: Cloud, app: App, project: Path) -> None:
    """The connection ends in the middle each time; the next try, over a whole one, succeeds."""
    store = Store.s3("s3://tides/prod")
    manifest = open_releases(store, project).build(app, id="1").manifest
    other = elsewhere(store, project, "other")
    cloud.cut = ".tar.gz"

    with pytest.raises(ReleaseError, match=r"store s3://tides/prod cannot be used: the download broke off again"):
        other.get("hello", "1")
    assert [] == list((other.project / ".slackwater/cache/hello").iterdir())

    cloud.cut = ""
    assert manifest.sha256 == other.get("hello", "1").sha256


@pytest.mark.usefixtures("cloud")
def test_what_is_damaged_in_the_cache_is_fetched_again(app: App, project: Path) -> None:
    """Only the store's own copy counts; what is right is not fetched twice."""
    releases = open_releases(Store.s3("s3://tides/prod"), project)
    release = releases.build(app, id="1")
    release.archive.write_bytes(b"half")
    mended = hashlib.sha256(releases.get("hello", "1").archive.read_bytes()).hexdigest()
    releases.files.remove(release.manifest.archive)

    assert [release.sha256] * 2 == [mended, releases.get("hello", "1").sha256]


def test_what_a_store_holds_is_plain(releases: Releases, app: App) -> None:
    """An archive and its manifest, readable without Slackwater."""
    release = releases.build(app, id="1")

    assert [f"hello/1-{release.sha256[:12]}.tar.gz", "hello/1.json"] == releases.files.keys("")
    assert "hello" == json.loads(releases.files.read("hello/1.json") or b"")["app"]
