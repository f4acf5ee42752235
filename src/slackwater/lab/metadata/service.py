"""The metadata service of a lab's instances: IMDSv2 only, one listener that knows instances by their addresses.

Rules and codes are those of the EC2 user guide, "How Instance Metadata Service Version 2 works".
"""

from __future__ import annotations

import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from slackwater.lab.metadata.instance import Instance

PORT = 80
TOKEN, TTL = "X-aws-ec2-metadata-token", "X-aws-ec2-metadata-token-ttl-seconds"
TOKENS = "/latest/api/token"
LONGEST_LIFE = 21600
IDLE = 60.0
"""Seconds: a client that connects and says nothing would keep its thread for good."""

Find = Callable[[str], Instance | None]
Asked = tuple[str, str, int]


class Service(ThreadingHTTPServer):
    """`asked` is (instance, path, status) in order; a token is worth nothing on another instance, or after its time.

    `broken` has paths that are answered with a status instead.
    """

    daemon_threads = True

    def __init__(self, listening: socket.socket, find: Find, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(listening.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.find, self.clock = find, clock
        self.asked: list[Asked] = []
        self.broken: dict[str, int] = {}
        self._tokens: dict[tuple[str, str], float] = {}

    @property
    def url(self) -> str:
        address, port = self.socket.getsockname()[:2]
        return f"http://{address}:{port}"

    def give(self, instance: Instance, seconds: int) -> str:
        token = secrets.token_urlsafe(40)
        self._tokens[instance.id, token] = self.clock() + seconds
        return token

    def takes(self, instance: Instance, token: str | None) -> bool:
        return token is not None and self._tokens.get((instance.id, token), float("-inf")) > self.clock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A machine may end in the midst of a question: that is no failure of who answers."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def forget(self) -> None:
        """No token is worth anything any more."""
        self._tokens.clear()

    def note(self, client: str, path: str, status: int) -> None:
        instance = self.find(client)
        self.asked.append((instance.id if instance else client, path, status))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE
    server: Service

    def do_PUT(self) -> None:
        instance, life = self._instance(), self.headers.get(TTL, "")
        if instance is None or self.path != TOKENS or self.headers.get("X-Forwarded-For"):
            self._answer(403)
        elif not (life.isascii() and life.isdecimal() and 1 <= int(life) <= LONGEST_LIFE):
            self._answer(400, "Bad Request")
        else:
            # So far the answer travels: with 1 it ends at the host, and a container behind it gets none.
            self.connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, instance.hop_limit)
            self._answer(200, self.server.give(instance, int(life)), {TTL: life})

    def do_GET(self) -> None:
        instance = self._instance()
        if instance is None:
            self._answer(403)
        elif not self.server.takes(instance, self.headers.get(TOKEN)):
            self._answer(401, "Unauthorized")
        elif status := self.server.broken.get(self.path):
            self._answer(status)
        elif (found := instance.look_up(self.path)) is None:
            self._answer(404, "Not Found")
        else:
            self._answer(200, found)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self._answer(405)

    def do_DELETE(self) -> None:
        self._answer(405)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: `asked` says it."""

    def _instance(self) -> Instance | None:
        """None also for one whose metadata is switched off."""
        found = self.server.find(self.client_address[0])
        return found if found and found.enabled else None

    def _answer(self, status: int, said: str | bytes = "", headers: dict[str, str] | None = None) -> None:
        self.server.note(self.client_address[0], self.path, status)
        body = said if isinstance(said, bytes) else said.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "text/plain", "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def serving(listening: socket.socket, find: Find, clock: Callable[[], float] = time.monotonic) -> Iterator[Service]:
    """Serves from threads of this process until the block ends; `find` maps a client's address to its instance."""
    service = Service(listening, find, clock)
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.shutdown()
        service.server_close()
        thread.join()
