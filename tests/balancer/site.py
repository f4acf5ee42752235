"""A balancer: the real nginx in a directory of its own, with the product's upstream.conf."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from slackwater import Balancer
from slackwater.engine.render import render
from tests.ports import ports

HOUSE = Path(__file__).resolve().parents[2]
LUA = HOUSE / "templates/balancer/lua"
PATIENCE = 10
"""Seconds for nginx to start, reload or end: far above what it takes, so that a fault ends a test."""

CONFIGURATION = """
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
user www-data;
daemon off;
worker_processes {workers};
pid nginx.pid;
error_log error.log notice;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    map $http_upgrade $connection_header {{ default upgrade; "" ""; }}
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_header;
    proxy_connect_timeout 1s;
    proxy_read_timeout {balancer.read_timeout}s;
    proxy_next_upstream error timeout http_502 http_503 http_504;
    proxy_next_upstream_tries {balancer.tries};
    keepalive_requests 100000;
    {upstream}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            rewrite_by_lua_block {{ require("slackwater.closing").lead() }}
            proxy_pass http://slackwater_backends;
            log_by_lua_block {{ require("slackwater.balancer").done() }}
        }}
        location @slackwater_closing {{
            keepalive_timeout 0;
            proxy_pass http://slackwater_backends;
        }}
        location /guarded/ {{
            proxy_intercept_errors on;
            error_page 500 502 504 @maintenance;
            error_page 404 =200 /instead;
            proxy_pass http://slackwater_backends/;
            log_by_lua_block {{ require("slackwater.balancer").done() }}
        }}
        location /again/ {{
            proxy_intercept_errors on;
            error_page 500 = @again;
            proxy_pass http://slackwater_backends/;
        }}
        location @again {{ proxy_pass http://slackwater_backends; }}
        location @maintenance {{ return 500 "maintenance"; }}
        location = /instead {{ return 200 "instead"; }}
        {more}
    }}
}}
"""


def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


class Local(http.client.HTTPConnection):
    """HTTP over a unix socket; the host name is ignored."""

    def __init__(self, path: Path) -> None:
        super().__init__("balancer", timeout=PATIENCE)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self.path))


class Site:
    """`home` holds the configuration, the log, the API's socket and the membership file."""

    def __init__(self, home: Path, settings: Balancer, *, workers: int = 2, more: str = "") -> None:
        self.home, self.settings = home, settings
        self.port, self.nobody = ports(2)
        self.socket, self.file = home / "members.sock", home / "members.json"
        self.process: subprocess.Popen[bytes] | None = None
        upstream = render(
            "balancer/upstream.conf.j2",
            balancer=settings,
            lua=LUA,
            state=self.file,
            api=self.socket,
            nobody=self.nobody,
        )
        values = {"port": self.port, "workers": workers, "balancer": settings, "more": more}
        (home / "nginx.conf").write_text(CONFIGURATION.format(upstream=upstream, **values))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def begin(self) -> None:
        words = ["nginx", "-p", str(self.home), "-c", "nginx.conf"]
        self.process = subprocess.Popen(words, stderr=(self.home / "stderr").open("ab"))
        until(self.is_serving, "nginx does not start: " + (self.home / "stderr").read_text())

    def is_serving(self) -> bool:
        assert self.process
        assert self.process.poll() is None, (self.home / "stderr").read_text()
        try:
            return bool(self.get())
        except OSError:
            return False

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)

    def kill(self) -> None:
        """Everything of nginx at once, as a crash of the machine does it; its socket stays behind."""
        assert self.process
        for pid in [self.process.pid, *self.workers()]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def reload(self) -> None:
        """Returns when a new generation of workers is there; old ones may still be finishing."""
        assert self.process
        old = set(self.workers())
        self.process.send_signal(signal.SIGHUP)
        until(lambda: set(self.workers()) - old, "nginx does not reload")

    def workers(self) -> list[int]:
        assert self.process
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(word) for word in children.split()]

    def errors(self) -> list[str]:
        """Lines of the error log from `warn` up."""
        lines = (self.home / "error.log").read_text(errors="replace").splitlines()
        return [line for line in lines if any(f"[{level}]" in line for level in ("warn", "error", "crit", "emerg"))]

    # The API.

    def ask(self, method: str, path: str = "/members", body: bytes | None = None) -> tuple[int, Any]:
        connection = Local(self.socket)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    def get(self) -> Any:
        status, state = self.ask("GET")

        assert 200 == status
        return state

    def put(self, members: Iterable[dict[str, Any]], generation: int = 1) -> None:
        body = json.dumps({"generation": generation, "members": list(members)}).encode()

        assert (200, {"generation": generation}) == self.ask("PUT", body=body)

    def in_flight(self) -> dict[str, int]:
        """By address, of members and of those that are leaving; the idle ones are left out."""
        state = self.get()
        listed = state["members"] + state["leaving"]
        return {entry["address"]: entry["in_flight"] for entry in listed if entry["in_flight"]}

    def idle(self, seconds: float = 2) -> None:
        """Soon nothing is in flight: a client has its answer a moment before nginx is done with the request."""
        until(lambda: self.in_flight() == {}, "requests are still counted in flight", seconds)

    def of(self, address: str) -> Any:
        (found,) = (member for member in self.get()["members"] if member["address"] == address)
        return found

    # The front.

    def request(self, method: str = "GET", path: str = "/", body: bytes | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def hold(self, count: int, method: str = "GET") -> list[socket.socket]:
        """Sends so many requests and leaves their answers to come."""
        held = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(count)]
        for connection in held:
            connection.sendall(f"{method} / HTTP/1.1\r\nHost: held\r\n\r\n".encode())
        return held


def member(address: str, port: int, **fields: Any) -> dict[str, Any]:
    name = "app-" + address.replace(":", ".")
    whole = {"name": name, "address": address, "port": port, "weight": 100, "backup": False}
    return whole | {"since": 0, "slow_start": 0} | fields
