"""What the roles wrote, moved below a folder of its own and served by the machine's nginx on loopback."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from roles.balancer import balancer as balancer_role
from roles.certificates import certificates as certificates_role
from roles.nginx import nginx as nginx_role
from slackwater import App, Balancer
from tests.roles.bare import Bare
from tests.roles.test_nginx import written

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
STARTED_WITHIN = 10
MISSING = {"echo missing": ["missing"]}


@dataclass
class Answer:
    status: int
    headers: dict[str, list[str]]
    body: bytes

    def __getitem__(self, name: str) -> str | None:
        """The header's only value; None when it is not there."""
        values = self.headers.get(name.lower(), [])
        assert len(values) <= 1, (name, values)
        return values[0] if values else None

    @property
    def echo(self) -> Any:
        return json.loads(self.body)


@dataclass
class Edge:
    place: Path
    balancer: Balancer
    app: App
    state: int
    nobody: int
    balancers: dict[str, int] = field(default_factory=dict)
    address: str = "127.0.0.1"
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def moved(self, text: str) -> str:
        """Every path of a host is one below the folder."""
        for path in ("/etc/nginx/slackwater", "/var/log/nginx", "/run/slackwater", "/var/lib/slackwater", "/srv"):
            text = text.replace(f"{path}", f"{self.place}{path}")
        text = text.replace(f"unix:{self.place}/run/slackwater/shop/current.sock", f"unix:{self.place}/app.sock")
        for address, port in self.balancers.items():
            text = text.replace(f"{address}:{self.balancer.port}", f"{address}:{port}")
        text = text.replace("/run/nginx.pid", f"{self.place}/nginx.pid")
        fixed = {"8083": str(self.nobody), "8081": str(self.state)}
        return re.sub(r"\b808[13]\b", lambda found: fixed[found[0]], text)

    def write(self, run_role: Any) -> None:
        """The roles' files and what their commands make."""
        for folder in ("var/log/nginx", "var/lib/slackwater/acme", "srv", "run/slackwater", "run/slackwater-balancer"):
            (self.place / folder).mkdir(parents=True, exist_ok=True)
        (self.place / "etc/nginx/slackwater/tls").mkdir(parents=True)
        data = {"balancer": self.balancer, "app": self.app, "address": self.address}
        others = {"balancer": [(f"@fake/{address}", {"address": address}) for address in self.balancers]}
        for role in (certificates_role, balancer_role, nginx_role):
            done = run_role(role, groups=("app", "balancer"), data=data, others=others, bare=Bare(lines=MISSING))
            for path, text in written(SimpleNamespace(stdin=archives(done.stdin))).items():
                self.put(path, text)
            for command, stdin in zip(done.executed_commands, done.stdin, strict=True):
                self.follow(command, stdin)

    def put(self, path: str, text: str) -> None:
        target = self.place / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.moved(text))

    def follow(self, command: str, stdin: str) -> None:
        if "openssl req" in command:
            subprocess.run(["sh", "-c", self.moved(command)], check=True)
        if '"members"' in stdin:
            self.put("/var/lib/slackwater/balancer/members.json", stdin)

    @property
    def configuration(self) -> Path:
        return self.place / "etc/nginx/nginx.conf"

    def nginx(self, *words: str) -> list[str]:
        assert NGINX
        return [NGINX, "-c", str(self.configuration), "-e", str(self.place / "error.log"), *words]

    def __enter__(self) -> Edge:
        self.process = subprocess.Popen(self.nginx("-g", "daemon off;"), stderr=subprocess.DEVNULL)
        end = time.monotonic() + STARTED_WITHIN
        while not self.listens():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(self.errors())
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=STARTED_WITHIN)

    def errors(self) -> str:
        logs = (self.place / "error.log", self.place / "var/log/nginx/error.log")
        return "\n".join(log.read_text() for log in logs if log.exists())

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.balancer.port)) == 0

    def get(self, path: str = "/", headers: dict[str, str] | None = None, **more: Any) -> Answer:
        return self.ask("GET", path, headers, **more)

    def ask(
        self,
        method: str,
        path: str = "/",
        headers: dict[str, str] | None = None,
        *,
        body: bytes | None = None,
        secure: bool = False,
        client: str = "127.0.0.1",
    ) -> Answer:
        """`client` is the address that the connection comes from."""
        port = self.balancer.https_port if secure else self.balancer.port
        kind: Any = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        more = {"context": trusting()} if secure else {}
        connection = kind("127.0.0.1", port, timeout=10, source_address=(client, 0), **more)
        try:
            connection.putrequest(method, path, skip_host="Host" in (headers or {}), skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            found: dict[str, list[str]] = {}
            for name, value in response.getheaders():
                found.setdefault(name.lower(), []).append(value)
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def logged(self, word: str) -> str:
        """The log's line with that word; it is written a moment after the answer."""
        end = time.monotonic() + STARTED_WITHIN
        log = self.place / "var/log/nginx/access.log"
        while not (lines := [line for line in log.read_text().splitlines() if word in line]):
            assert time.monotonic() < end, word
            time.sleep(0.02)
        return lines[0]

    def raw(self, text: bytes, *, client: str = "127.0.0.1") -> bytes:
        """What comes back for those bytes until the connection is closed."""
        address = ("127.0.0.1", self.balancer.port)
        with socket.create_connection(address, timeout=10, source_address=(client, 0)) as connection:
            connection.sendall(text)
            return b"".join(iter(lambda: connection.recv(65536), b""))


def archives(stdin: list[str]) -> list[str]:
    """What went through stdin as files, without what was JSON."""
    return [text for text in stdin if not text.startswith("{")]


def trusting() -> ssl.SSLContext:
    """The certificate is looked at by tests of its own."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
