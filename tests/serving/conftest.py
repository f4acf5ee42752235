"""Real gunicorn masters with the worker under test, in a virtual environment of the pinned servers."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from uv import find_uv_bin

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
WORKER = "slackwater_serving.UvicornWorker"

# A worker that cannot start never answers; the test then fails with gunicorn's own words.
START_TIMEOUT = 20.0
# Above every graceful timeout of these tests: a master that outlives it hangs.
STOP_TIMEOUT = 30.0


@dataclass(frozen=True)
class Gunicorn:
    """A running master: `socket` is where it listens, `log` what it and the app wrote."""

    process: subprocess.Popen[bytes]
    socket: Path
    log: Path

    def terminate(self) -> float:
        """Says when, on the monotonic clock."""
        self.process.send_signal(signal.SIGTERM)
        return time.monotonic()

    def interrupt(self) -> float:
        """As a terminal does at Ctrl-C."""
        os.killpg(self.process.pid, signal.SIGINT)
        return time.monotonic()

    def wait(self) -> float:
        """When it has ended."""
        self.process.wait(STOP_TIMEOUT)
        return time.monotonic()

    def request(self, seconds: float = 0) -> bytes:
        """The whole answer to a request that takes so long."""
        with self.connection() as connection:
            connection.sendall(f"GET /?{seconds} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: connection.recv(4096), b""))

    def connection(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(STOP_TIMEOUT)
        connection.connect(str(self.socket))
        return connection


Start = Callable[..., Gunicorn]


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with what hosts get, every WebSocket library, and the module as hosts carry it."""
    home = tmp_path_factory.mktemp("servers")
    wanted = ["-r", str(PROJECT / "requirements/server.in"), "websockets==17.4", "wsproto==1.3.2"]
    for arguments in (
        ["venv", "--python", sys.executable, str(home)],
        ["pip", "install", "--prefix", str(home), *wanted],
    ):
        environment = {**os.environ, "UV_SYSTEM_CERTS": "1"}
        done = subprocess.run([find_uv_bin(), *arguments], env=environment, capture_output=True, text=True, check=False)

        assert 0 == done.returncode, done.stderr
    (home / "beside").mkdir()
    shutil.copy(PROJECT / "src/slackwater/serving.py", home / "beside/slackwater_serving.py")
    return home


@pytest.fixture
def start(servers: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts gunicorn with one worker; every one is ended afterwards."""
    with ExitStack() as running:

        def started(worker: str = WORKER, graceful: int = 20, spread: str = "", **more: str) -> Gunicorn:
            return running.enter_context(
                _running(servers, tmp_path, worker, graceful, {"SLACKWATER_WEBSOCKET_SPREAD": spread, **more})
            )

        yield started


@contextmanager
def _running(servers: Path, place: Path, worker: str, graceful: int, environment: dict[str, str]) -> Iterator[Gunicorn]:
    options = [
        "--worker-class",
        worker,
        "--graceful-timeout",
        str(graceful),
        "--no-control-socket",
        "--log-level",
        "info",
    ]
    paths = {"PYTHONPATH": f"{servers / 'beside'}:{HERE}", "PATH": os.environ["PATH"]}
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            [servers / "bin/python", "-m", "gunicorn", "--bind", f"unix:{place / 's'}", *options, "app:app"],
            cwd=place,
            env={**paths, **environment},
            stderr=log,
            start_new_session=True,
        )
    here = Gunicorn(process, place / "s", place / "log")
    try:
        _await(here)
        yield here
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _await(here: Gunicorn) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while here.process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError):
            if b"200 OK" in here.request():
                return
        time.sleep(0.05)
    pytest.fail(f"it did not start:\n{here.log.read_text()}")
