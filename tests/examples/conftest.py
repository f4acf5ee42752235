"""Apps as a host runs them: built into a release, installed with hashes, served by gunicorn on a unix socket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from uv import find_uv_bin

from slackwater import App, Source
from slackwater.release import build

PROJECT = Path(__file__).parents[2]

# A worker that cannot import its app never answers; the test then fails with gunicorn's own words.
START_TIMEOUT = 30.0
STOP_TIMEOUT = 40.0


class UnixConnection(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=15)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


@dataclass(frozen=True)
class Served:
    """A running app: `socket` is where it listens, `home` its unpacked release, `log` what it wrote."""

    socket: Path
    home: Path
    log: Path

    @property
    def python(self) -> Path:
        return self.home / "venv/bin/python"

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = UnixConnection(self.socket)
        connection.request(method, path, body, headers or {})
        response: HTTPResponse = connection.getresponse()
        answer = response.status, response.read()
        connection.close()
        return answer


Install = Callable[[App], Path]
Serve = Callable[..., Served]


@pytest.fixture(scope="session")
def install(tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Builds an app's release and installs it as a host does; says where."""
    homes: dict[str, Path] = {}

    def installed(app: App) -> Path:
        if app.name not in homes:
            home = tmp_path_factory.mktemp(app.name)
            release = build(app, project=PROJECT, store=home / "store")
            subprocess.run(["tar", "-xzf", str(release.archive), "-C", str(home)], check=True)
            _uv("venv", "--python", sys.executable, str(home / "venv"))
            wanted = ["--require-hashes", "--only-binary", ":all:", "-r", str(home / "requirements.txt")]
            _uv("pip", "install", "--python", str(home / "venv/bin/python"), *wanted)
            homes[app.name] = home
        return homes[app.name]

    return installed


@pytest.fixture(scope="session")
def serve(install: Install, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Starts an app with gunicorn's options and more environment; every one is stopped at the end."""
    with ExitStack() as running:

        def served(app: App, *options: str, **environment: str) -> Served:
            here = Served(tmp_path_factory.mktemp("run") / "s", install(app), tmp_path_factory.mktemp("log") / "stderr")
            running.enter_context(_running(app, here, options, environment))
            return here

        yield served


@pytest.fixture(scope="session")
def shop_app() -> App:
    return App(name="shop", entrypoint="shop.main:app", source=Source.directory("examples/shop"))


def _uv(*arguments: str) -> None:
    environment = {**os.environ, "UV_SYSTEM_CERTS": "1"}
    done = subprocess.run([find_uv_bin(), *arguments], env=environment, capture_output=True, text=True, check=False)

    assert (0, done.stderr) == (done.returncode, done.stderr)


@contextmanager
def _running(app: App, here: Served, options: tuple[str, ...], environment: dict[str, str]) -> Iterator[None]:
    command = [str(here.home / "venv/bin/gunicorn"), "--bind", f"unix:{here.socket}", "--no-control-socket"]
    known = {"SLACKWATER_RELEASE": "src-1", "SLACKWATER_INSTANCE": "app-1", "PATH": os.environ["PATH"]}
    with here.log.open("w") as log:
        process = subprocess.Popen(
            [*command, *options, app.entrypoint], cwd=here.home / "app", env={**known, **environment}, stderr=log
        )
    try:
        _await(here, process)
        yield
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT)


def _await(here: Served, process: subprocess.Popen[bytes]) -> None:
    """The socket is there before a worker is: only an answer says that the app runs."""
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            here.request("GET", "/")
        except (OSError, TimeoutError):
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"the app did not start:\n{here.log.read_text()}")
