"""Celery as a worker host's units start it: with its real worker, and a broker that is a folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from uv import find_uv_bin

PROJECT = Path(__file__).parents[2]
LIMIT = 60.0
"""Seconds for what takes a few: a busy machine starts Python slowly."""
TASKS = """
import os, pathlib, time
from celery import Celery

folder = os.environ["FOLDER"]
broker = os.environ.get("BROKER", "filesystem://")
celery = Celery("tasks", broker=broker)
folders = {"data_folder_in": folder + "/broker", "data_folder_out": folder + "/broker"}
celery.conf.update(
    broker_transport_options=folders if broker == "filesystem://" else {},
    broker_connection_retry_on_startup=True,
    task_acks_late=os.environ["SAFE"] == "1", task_reject_on_worker_lost=True, task_ignore_result=True,
    control_folder=folder,
)

if os.environ.get("BREAK"):
    from celery import bootsteps

    class Breaks(bootsteps.StartStopStep):
        requires = ("celery.worker.consumer.tasks:Tasks",)

        def start(self, parent):
            raise RuntimeError("nobody knows this")

    celery.steps["consumer"].add(Breaks)


@celery.task(name="nap")
def nap(seconds):
    (pathlib.Path(folder) / "begun").touch()
    time.sleep(seconds)
    (pathlib.Path(folder) / "done").write_text(os.environ.get("TOKEN", ""))
"""


@dataclass
class Running:
    process: subprocess.Popen[bytes]
    folder: Path
    channel: socket.socket
    python: Path
    environment: dict[str, str]

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def heard(self) -> str:
        """The next word to systemd, but for those that say that all goes on."""
        while (word := self.channel.recv(1000).decode()) == "WATCHDOG=1":
            pass
        return word

    def send(self, seconds: float) -> None:
        code = f"from tasks import nap; nap.delay({seconds})"
        subprocess.run([self.python, "-c", code], cwd=self.folder, env=self.environment, check=True, timeout=LIMIT)
        self.wait_for(self.folder / "begun")

    def wait_for(self, path: Path) -> None:
        deadline = time.monotonic() + LIMIT
        while not path.exists():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT)


Start = Callable[..., Running]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with Celery, and the module as hosts carry it."""
    home = tmp_path_factory.mktemp("celery")
    wanted = str(PROJECT / "examples/parcels/requirements.txt")
    for words in (
        ["venv", "--python", sys.executable, str(home)],
        ["pip", "install", "--prefix", str(home), "--requirement", wanted],
    ):
        environment = {**os.environ, "UV_SYSTEM_CERTS": "1"}
        done = subprocess.run([find_uv_bin(), *words], env=environment, capture_output=True, text=True, check=False)

        assert 0 == done.returncode, done.stderr
    shutil.copy(PROJECT / "src/slackwater/working.py", home / "slackwater_celery.py")
    return home


@pytest.fixture
def start(home: Path, tmp_path: Path) -> Iterator[Start]:
    """A worker of two processes that consumes."""
    started: list[Running] = []

    def begin(bound: int = 2, safe: bool = True, **more: str) -> Running:
        for name in ("broker", "credentials"):
            (tmp_path / name).mkdir()
        (tmp_path / "credentials/TOKEN").write_text("tide")
        (tmp_path / "tasks.py").write_text(TASKS)
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(LIMIT)
        environment = {
            "PATH": os.environ["PATH"],
            "FOLDER": str(tmp_path),
            "SAFE": str(int(safe)),
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
            "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials"),
            "SLACKWATER_DRAIN_TIMEOUT": str(bound),
            "SLACKWATER_VISIBILITY_TIMEOUT": "60",
            "SLACKWATER_QUEUES": "celery",
            "SLACKWATER_BACKLOG": str(tmp_path / "waiting.json"),
            **more,
        }
        words = [home / "bin/python", home / "slackwater_celery.py", "--app", "tasks:celery", "worker"]
        words += ["--concurrency", "2", "--prefetch-multiplier", "1", "--without-gossip", "--without-mingle"]
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                [*words, "--loglevel", "INFO"], cwd=tmp_path, env=environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        started.append(Running(process, tmp_path, channel, home / "bin/python", environment))
        if not more:
            assert started[-1].heard() == "READY=1", started[-1].log()
        return started[-1]

    yield begin
    for one in started:
        with suppress(ProcessLookupError):
            os.killpg(one.process.pid, signal.SIGKILL)
        one.process.wait()
        one.channel.close()


def test_it_says_when_it_consumes_and_counts_what_waits(start: Start) -> None:
    """To systemd, and to whoever reads its file."""
    here = start()
    here.wait_for(here.folder / "waiting.json")

    assert {"celery": 0} == json.loads((here.folder / "waiting.json").read_text())["queues"]


def test_it_says_that_its_loop_goes_round(start: Start) -> None:
    """From within the loop that consumes: one that hangs says nothing, and systemd ends it."""
    assert b"WATCHDOG=1" == start().channel.recv(1000)


def test_a_task_that_ends_in_time_is_finished(start: Start) -> None:
    """With the app's secrets; the end is a warm one."""
    here = start(bound=30)
    here.send(1)
    status = here.end()

    assert (0, "tide") == (status, (here.folder / "done").read_text())
    assert "STOPPING=1" == here.heard()
    assert "Cold shutdown" not in here.log()


def test_a_task_that_takes_longer_is_put_back(start: Start) -> None:
    """At the bound, without its effect; its message is there for another."""
    here = start(bound=1)
    here.send(600)
    status = here.end()

    assert 0 == status
    assert not (here.folder / "done").exists()
    assert "Cold shutdown" in here.log()
    assert "Restoring 1 unacknowledged message" in here.log()
    assert 1 == len(list((here.folder / "broker").glob("*celery.msg")))


def test_a_stop_without_its_broker_is_no_success(start: Start) -> None:
    """It ends in its time all the same, and says what becomes of what it may have reserved."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        here = start(BROKER=f"redis://127.0.0.1:{taken.getsockname()[1]}/0")
        deadline = time.monotonic() + LIMIT
        while "Trying again" not in here.log():
            assert time.monotonic() < deadline, here.log()
            time.sleep(0.1)
        begun = time.monotonic()
        status = here.end()

    assert 75 == status, here.log()
    assert time.monotonic() - begun < 2 + 20
    assert "the broker does not answer: what was reserved here goes to others 60 s after it was taken" in here.log()


def test_an_error_that_nobody_knows_ends_it_at_once(start: Start) -> None:
    """Celery's own stop after it may wait for ever; systemd starts the next."""
    here = start(bound=600, BREAK="1")

    assert 75 == here.process.wait(LIMIT)
    assert "Unrecoverable error: RuntimeError('nobody knows this')" in here.log()
    assert "Celery stops, and nobody asked for it: what runs here is begun again" in here.log()


def test_settings_that_would_lose_tasks_are_named(start: Start) -> None:
    """At each start, in the journal."""
    safe = start().log()

    assert "must be True" not in safe


def test_unsafe_ones(start: Start) -> None:
    """Celery's own default is one."""
    assert "slackwater: task_acks_late must be True" in start(safe=False).log()
