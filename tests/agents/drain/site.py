"""A host below a directory of its own: nginx with a gate and counters, units, metadata, and the agent as a process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from slackwater.agents.drain.told import Told, load
from slackwater.lab.metadata import Instance
from slackwater.resources import resource

SBIN = Path(__file__).parent / "sbin"
SLOT = "slackwater-shop@r1-aaaaaaaa"
UNITS = (f"{SLOT}.service", f"{SLOT}.socket")
RULES = {"deadline": 200, "requests": 20, "stop": 10, "hooks": 10, "rebalance": 600, "maintenance": 600}
RULES |= {"listen": 0.2, "gate": 60, "balancers": 60}
"""Ample: a machine that is busy may stand still for longer than a host waits; who tests an end says when it comes."""


class Nginx(ThreadingHTTPServer):
    """Its gate is the flag; `in_flight` is what its counters say, at the path `counters`.

    It tells `probes` who asked, as nginx does.
    """

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.root, self.in_flight, self.reads_flag, self.counters = root, 0, True, "/stub_status"

    @property
    def is_closed(self) -> bool:
        return self.reads_flag and (self.root / "run/slackwater-drain/draining").exists()

    def asked(self, address: str, status: int = 0) -> None:
        line = f"<190>Nov 21 19:00:00 slackwater: {address} {status or (503 if self.is_closed else 200)}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.sendto(line.encode(), str(self.root / "run/slackwater-drain/probes.sock"))


class _Answer(BaseHTTPRequestHandler):
    server: Nginx

    def do_GET(self) -> None:
        match self.path:
            case "/.slackwater/live":
                closed = self.server.is_closed
                self._say(503 if closed else 200, "draining\n" if closed else "ok\n")
            case self.server.counters:
                busy = self.server.in_flight + 1
                self._say(200, f"Active connections: 9\nReading: 0 Writing: {busy} Waiting: 8\n")
            case _:
                self._say(404, "")

    def _say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """A test's output is not an access log."""


@dataclass
class Site:
    """`me` is what metadata say; `lines` what the agent said; `counters` is another port than nginx's own for them."""

    root: Path
    nginx: Nginx
    metadata: str
    me: Instance
    lines: list[str] = field(default_factory=list)
    counters: int = 0

    def tell(self, instance: Mapping[str, Any] | None = None, **rules: float) -> None:
        told = {"app": {"name": "shop", "port": self.nginx.server_port, "tls": False}, "rules": RULES | rules}
        text = json.dumps(told | {"stub_status": self.counters or self.nginx.server_port})
        (self.root / "etc/slackwater/drain.json").write_text(text)
        if instance:
            (self.root / "etc/slackwater/instance.json").write_text(json.dumps(instance))

    @property
    def told(self) -> Told:
        return load(self.root / "etc/slackwater/drain.json", self.root)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PYTHONPATH": str(self.root / "lib"),
            "PATH": f"{SBIN}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOST_HOME": str(self.root),
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata,
        }

    @contextmanager
    def agent(self, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """As in the unit, and from a copy of the modules: nothing of the library is at hand there."""
        words = [sys.executable, "-sP", "-m", "agents.drain", "etc/slackwater/drain.json", "."]
        log = self.root / "log"
        with log.open("a") as said:
            running = subprocess.Popen(words, cwd=self.root, env=self.environment | environment, stderr=said, text=True)
            try:
                yield running
            finally:
                running.kill()
                running.wait()
        self.lines = log.read_text().splitlines()

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The host's own."""
        code = "import sys; from pathlib import Path; from agents.drain.command import main; "
        run = f"{code}sys.exit(main(sys.argv[1:], Path('.').resolve()))"
        line = [sys.executable, "-sP", "-c", run, *words]
        return subprocess.run(line, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False)

    def state(self) -> dict[str, Any]:
        try:
            return dict(json.loads((self.root / "run/slackwater-drain/state.json").read_text()))
        except FileNotFoundError:
            return {}

    def leave(self) -> dict[str, Any]:
        return dict(json.loads((self.root / "var/lib/slackwater/drain/leave.json").read_text()))

    def is_at(self, state: str, *, held: bool = False) -> bool:
        found = self.state()
        return found.get("state") == state and (found["is_held"] or not held)

    def known(self) -> dict[str, Any]:
        """Balancers that the agent has noted for the one after it."""
        notes = self.root / "run/slackwater-drain/balancers.json"
        return dict(json.loads(notes.read_text())) if notes.exists() else {}

    def running(self) -> set[str]:
        return {path.name for path in (self.root / "units").iterdir()}

    def jobs(self) -> list[str]:
        file = self.root / "jobs"
        return file.read_text().splitlines() if file.exists() else []


@contextmanager
def site(root: Path, metadata: str, me: Instance) -> Iterator[Site]:
    for folder in ("units", "etc/slackwater/drain.d", "var/lib/slackwater/drain", "run/slackwater-drain",
                   "var/lib/slackwater/drain.wish",
                   "run/slackwater-drain-hooks", "lib", "srv/slackwater/shop", "etc/slackwater/shop/live"):  # fmt: skip
        (root / folder).mkdir(parents=True)
    (root / "lib/agents").symlink_to(resource("agents"))
    (root / "srv/slackwater/shop/current").symlink_to("releases/r1")
    (root / "etc/slackwater/shop/live/r1").symlink_to("../r1-aaaaaaaa")
    (root / "system").write_text("running\n")
    for unit in UNITS:
        (root / "units" / unit).touch()
    nginx = Nginx(root)
    thread = Thread(target=nginx.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    made = Site(root, nginx, metadata, me)
    made.tell()
    try:
        yield made
    finally:
        nginx.shutdown()
        nginx.server_close()


def until(true: Callable[[], object], limit: float = 30) -> None:
    """Looks again and again; a machine that is busy may take its time."""
    end = time.monotonic() + limit
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit} s")
        time.sleep(0.05)
