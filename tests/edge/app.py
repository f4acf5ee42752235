"""A small app on a unix socket that answers with what it was asked."""

from __future__ import annotations

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

EVENTS = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no", "Connection": "close"}
FIRST, LAST = b"data: first\n", b"data: last\n"
LONGEST_STREAM = 20
"""Seconds: a client that waits in vain gives up before."""


class Handler(BaseHTTPRequestHandler):
    """The query decides the answer: `?status=503`, `?header=Name:value`, or `?head=8192`, its head's length in bytes.

    `/events` is a stream: the first one comes at once, the last when somebody has asked for `/go-on`. With `?length` it
    says before how long it will be.
    """

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def answer(self) -> None:
        if self.path.startswith("/events"):
            self.stream()
        else:
            self.echo()

    def echo(self) -> None:
        if self.path == "/go-on":
            self.server.asked_on.set()  # type: ignore[attr-defined]
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        _, _, query = self.path.partition("?")
        asked = dict(word.split("=", 1) for word in query.split("&") if "=" in word)
        said = {"path": self.path, "method": self.command, "body": len(body)}
        text = json.dumps({**said, "headers": {name.lower(): value for name, value in self.headers.items()}}).encode()
        self.send_response(int(asked.get("status", "200")))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if "header" in asked:
            self.send_header(*asked["header"].split(":", 1))
        if "head" in asked:
            self.pad(int(asked["head"]))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def pad(self, size: int) -> None:
        """As a cookie or a policy does that has grown long."""
        others = sum(map(len, self._headers_buffer)) + len("X-Long: \r\n\r\n")  # type: ignore[attr-defined]
        self.send_header("X-Long", "x" * (size - others))

    def stream(self) -> None:
        self.send_response(200)
        for name, value in EVENTS.items():
            self.send_header(name, value)
        if self.path.endswith("?length"):
            self.send_header("Content-Length", str(len(FIRST + LAST)))
        self.end_headers()
        self.wfile.write(FIRST)
        self.wfile.flush()
        self.server.asked_on.wait(LONGEST_STREAM)  # type: ignore[attr-defined]
        self.wfile.write(LAST)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer  # noqa: N815

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_: Any) -> None: ...


class EchoApp(socketserver.ThreadingUnixStreamServer):
    """Serves from a thread of its own while it is a context."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), Handler)
        path.chmod(0o666)
        self.asked_on = threading.Event()
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> EchoApp:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()
