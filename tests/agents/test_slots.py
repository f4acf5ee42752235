"""The slots command's parts, on real files and real sockets below a directory of their own."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from slackwater.agents.slots import probe, prune
from slackwater.agents.slots.layout import Layout, point, target
from slackwater.agents.slots.locks import lock
from slackwater.agents.slots.releases import Order, ReleaseError, environment, install, publish
from slackwater.agents.slots.switch import record


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    place = Layout("shop", tmp_path)
    for folder in (place.home / "releases", place.settings / "live", place.run, place.units):
        folder.mkdir(parents=True)
    return place


def make_release(layout: Layout, name: str, made: float) -> None:
    """A finished release whose slot is `<name>-aaaaaaaa`, proved with it."""
    layout.release(name).mkdir()
    marker = layout.release(name) / "release.json"
    marker.write_text("{}")
    os.utime(marker, (made, made))
    make_slot(layout, f"{name}-aaaaaaaa", name)
    layout.slot_of(name).symlink_to(f"../{name}-aaaaaaaa")


def make_slot(layout: Layout, slot: str, release: str) -> None:
    (layout.settings / slot / "secrets").mkdir(parents=True)
    (layout.settings / slot / "slot.json").write_text(json.dumps({"release": release}))
    for kind in ("socket", "service"):
        (layout.units / layout.unit(slot, kind)).write_text("")


def test_a_link_is_replaced_by_rename(tmp_path: Path) -> None:
    """Whoever looks finds the old target or the new one, never nothing."""
    link = tmp_path / "current.sock"
    point(link, "a.sock")
    seen: list[str | None] = []
    stop = threading.Event()
    looker = threading.Thread(target=lambda: [seen.append(target(link)) for _ in iter(stop.is_set, True)])
    looker.start()
    for number in range(300):
        point(link, f"{number}.sock")
    stop.set()
    looker.join()

    assert None not in seen
    assert "299.sock" == target(link)


def test_what_is_live_is_read_from_current(layout: Layout) -> None:
    """`current` names the release, and the release's own link the slot."""
    make_release(layout, "r1", 1)

    assert (None, None) == (layout.live_release(), layout.live_slot())
    record(layout, "r1-aaaaaaaa", "r1")
    assert ("r1", "r1-aaaaaaaa") == (layout.live_release(), layout.live_slot())


def test_a_release_without_its_marker_was_never_finished(layout: Layout) -> None:
    """A directory that a dead run left is no release."""
    layout.release("half").mkdir()
    make_release(layout, "whole", 1)

    assert ["whole"] == layout.releases()


def test_five_releases_stay_and_the_live_one_among_them(layout: Layout) -> None:
    """The oldest go, but never the live one, however old."""
    for number in range(1, 9):
        make_release(layout, f"r{number}", number)
    record(layout, "r1-aaaaaaaa", "r1")
    prune.prune(layout)

    assert ["r1", "r5", "r6", "r7", "r8"] == layout.releases()
    assert [f"{name}-aaaaaaaa" for name in ("r1", "r5", "r6", "r7", "r8")] == layout.slots()
    assert {"r1", "r5", "r6", "r7", "r8"} == {path.name for path in (layout.settings / "live").iterdir()}


def test_a_slot_that_its_release_is_no_longer_proved_with_goes(layout: Layout) -> None:
    """Changed settings leave the former slot behind; it goes with its units and its secrets."""
    make_release(layout, "r1", 1)
    make_slot(layout, "r1-bbbbbbbb", "r1")
    record(layout, "r1-bbbbbbbb", "r1")
    (layout.settings / "r1-aaaaaaaa/secrets/KEY").write_text("old")
    prune.prune(layout)

    assert ["r1-bbbbbbbb"] == layout.slots()
    assert [] == list(layout.units.glob("*aaaaaaaa*"))
    assert not (layout.settings / "r1-aaaaaaaa").exists()


def test_nothing_is_surplus_when_nothing_is(layout: Layout) -> None:
    """A second look after a prune finds nothing to do."""
    for number in range(1, 9):
        make_release(layout, f"r{number}", number)
    record(layout, "r8-aaaaaaaa", "r8")
    prune.prune(layout)

    assert ([], []) == prune.surplus(layout)


def test_one_change_at_a_time(layout: Layout) -> None:
    """A second switch waits until the first is done."""
    order: list[str] = []

    def second() -> None:
        with lock(layout, "switch"):
            order.append("second")

    with lock(layout, "switch"):
        other = threading.Thread(target=second)
        other.start()
        time.sleep(0.3)
        order.append("first")
    other.join()

    assert ["first", "second"] == order


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, list[bytes]]]:
    """A real server on a unix socket that gives each connection the next answer."""
    path, answers = tmp_path / "slot.sock", []
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(answers.pop(0))

    thread = threading.Thread(target=serve)
    thread.start()
    yield path, answers
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", ""),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nno db", "503 Service Unavailable: no db"),
        (b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", "302 Found: "),
        (b"not http at all\r\n\r\n", "no answer (not http at all\r\n)"),
        (b"", "no answer (Remote end closed connection without response)"),
    ],
)
def test_only_a_2xx_is_ready(server: tuple[Path, list[bytes]], answer: bytes, expected: str) -> None:
    """Anything but 2xx is told as it came, so that the operator reads the app's own reason."""
    path, answers = server
    answers.append(answer)

    assert expected == probe.ask(path, "/health/ready", "localhost", 2)


def test_a_socket_that_is_not_there_is_no_answer(tmp_path: Path) -> None:
    """The probe says so instead of raising."""
    assert probe.ask(tmp_path / "none.sock", "/", "localhost", 1).startswith("no answer (")


def test_connections_of_a_slot_are_counted_by_the_kernel(tmp_path: Path) -> None:
    """Accepted ones count, idle or not, and so do those that still wait to be; the listening socket itself does not."""
    path = tmp_path / "slot.sock"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()
    counts = [probe.connections(path)]
    clients = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    clients[0].connect(str(path))
    accepted, _ = listening.accept()
    counts.append(probe.connections(path))
    clients[1].connect(str(path))
    counts.append(probe.connections(path))
    for connection in (*clients, accepted, listening):
        connection.close()
    counts.append(probe.connections(path))

    assert [0, 1, 2, 0] == counts


def test_a_full_queue_is_no_sign_of_a_lost_socket(tmp_path: Path) -> None:
    """Held, full and gone are told apart: a busy app must not be restarted."""
    path = tmp_path / "slot.sock"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen(0)
    waiting = socket.socket(socket.AF_UNIX)
    waiting.connect(str(path))
    answers = [probe.listening(path)]
    listening.close()
    answers.append(probe.listening(path))
    path.unlink()
    answers.append(probe.listening(path))
    waiting.close()

    assert [True, False, False] == answers


def test_published_files_are_open_and_the_rest_is_not(layout: Layout) -> None:
    """The way to the static folder may be walked, its files be read; the code beside it may not."""
    make_release(layout, "r1", 1)
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


def test_a_changed_static_file_has_another_time_on_every_host_the_same(layout: Layout) -> None:
    """nginx's ETag is made of size and time, and an archive carries no times."""
    times = []
    for release, content in (("r1", "tide one"), ("r2", "tide two"), ("r3", "tide one")):
        make_release(layout, release, 1)
        (layout.release(release) / "app/static").mkdir(parents=True)
        file = layout.release(release) / "app/static/tides.txt"
        file.write_text(content)
        publish(layout, release, ["static"])
        times.append(file.stat().st_mtime)

    assert times[0] == times[2] != times[1]
    assert max(times) < time.time()


def test_a_release_that_serves_is_not_built_anew(layout: Layout, tmp_path: Path) -> None:
    """It has only lost its marker: its files are in use, and the archive says what the marker was."""
    make_release(layout, "r1", 1)
    record(layout, "r1-aaaaaaaa", "r1")
    (layout.release("r1") / "release.json").rename(tmp_path / "release.json")
    (layout.release("r1") / "in-use").write_text("by the app")
    archive = tmp_path / "r1.tar.gz"
    subprocess.run(["tar", "-czf", str(archive), "-C", str(tmp_path), "release.json"], check=True)
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    install(layout, Order("r1", archive, sha256, "root", "/usr/bin/python3"))

    assert ["in-use", "release.json"] == sorted(path.name for path in layout.release("r1").iterdir())
    assert not archive.exists()


def test_a_tampered_archive_is_never_unpacked(layout: Layout, tmp_path: Path) -> None:
    """The sha256 is asked first."""
    archive = tmp_path / "r1.tar.gz"
    archive.write_bytes(b"not what was built")

    with pytest.raises(ReleaseError, match="is not the archive that was built"):
        install(layout, Order("r1", archive, "0" * 64, "root", "/usr/bin/python3"))
    assert not layout.release("r1").exists()


def test_uv_gets_what_a_login_would_have(tmp_path: Path) -> None:
    """sudo and boot forget the proxy of /etc/environment; uv must not."""
    file = tmp_path / "environment"
    file.write_text('# site\nhttps_proxy="http://10.0.0.1:3128"\nexport no_proxy=localhost\n')
    given = environment(file)

    assert ("http://10.0.0.1:3128", "localhost") == (given["https_proxy"], given["no_proxy"])
    assert "1" == given["UV_SYSTEM_CERTS"]
