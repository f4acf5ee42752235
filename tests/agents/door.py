"""An HTTP server that answers what a test tells it, in that order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Said = tuple[int, dict[str, str], bytes] | None
"""None ends the connection without a word."""


class Door(BaseHTTPRequestHandler):
    """Gives the next of `answers`, and the last for good; notes who came, and what was asked."""

    def setup(self) -> None:
        server: Any = self.server
        server.connections += 1
        super().setup()

    def do_GET(self) -> None:
        server: Any = self.server
        server.asked.append((self.path, dict(self.headers.items())))
        said: Said = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
        if said is None:
            self.close_connection = True
            return
        status, headers, body = said
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """A test's output is not an access log."""


class Kept(Door):
    """Lets its guests stay, as HTTP 1.1 does."""

    protocol_version = "HTTP/1.1"


@contextmanager
def door(*answers: Said, kind: type[Door] = Door) -> Iterator[Any]:
    """`asked` is (path, headers) in order, `connections` how many came."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    server.answers, server.asked, server.connections = list(answers), [], 0
    server.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
