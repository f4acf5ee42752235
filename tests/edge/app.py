"""A small app on a unix socket that answers with what it was asked."""

from __future__ import annotations

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """The query decides the answer: `?status=503` or `?header=Name:value`."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def answer(self) -> None:
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
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

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
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> EchoApp:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()
