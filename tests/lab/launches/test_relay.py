"""A relay carries what is said both ways, and ends with its block."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.request import urlopen

import pytest

from slackwater.lab.launches import place, relay

BODY = b"tide" * 100_000


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_: object) -> None: ...


def test_a_server_of_the_loopback_is_reached_elsewhere() -> None:
    """The whole answer comes, however long; afterwards nobody listens any more."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with relay("127.0.0.2", ("127.0.0.1", server.server_port)) as url, urlopen(url, timeout=5) as answer:
            assert BODY == answer.read()
        server.shutdown()

    assert "127.0.0.2" == place(url)[0]
    with pytest.raises(OSError, match=r"refused|timed out"):
        urlopen(url, timeout=1)
