"""The instance's metadata service, as version 2 speaks: a token first, then its region and its role's credentials."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

TOKEN = "a-token"
ROLE = "shop-instances"
PLACE = "/latest/meta-data/iam/security-credentials/"
CREDENTIALS = {"Code": "Success", "AccessKeyId": "ASIAKEY", "SecretAccessKey": "the-secret-key", "Token": "the-token"}
PAGES = {PLACE: ROLE, PLACE + ROLE: json.dumps(CREDENTIALS), "/latest/meta-data/placement/region": "eu-central-1"}


class Handler(BaseHTTPRequestHandler):
    """Without its token it tells nothing."""

    def do_PUT(self) -> None:
        refusals: list[int] = self.server.refusals  # type: ignore[attr-defined]
        if refusals:
            return self._say(refusals.pop(0), "")
        ttl = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
        return self._say(200 if self.path == "/latest/api/token" and ttl else 400, TOKEN)

    def do_GET(self) -> None:
        pages: dict[str, str] = self.server.pages  # type: ignore[attr-defined]
        if self.headers.get("X-aws-ec2-metadata-token") != TOKEN:
            self._say(401, "")
        else:
            self._say(200 if self.path in pages else 404, pages.get(self.path, ""))

    def _say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """A test's output is not an access log."""


@contextmanager
def metadata(pages: dict[str, str] | None = None, refusals: Sequence[int] = ()) -> Iterator[str]:
    """Its address. `refusals` are the statuses with which it answers first."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.pages = PAGES if pages is None else pages  # type: ignore[attr-defined]
    server.refusals = list(refusals)  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
