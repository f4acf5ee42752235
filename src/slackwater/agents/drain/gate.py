"""The gate: a flag in a file, and what the host's own nginx makes of it."""

from __future__ import annotations

import http.client
import ssl
from pathlib import Path

from .seen import Gate
from .told import App

ROUTE = "/.slackwater/live"
TIMEOUT = 2.0
"""Seconds: nginx answers a closed gate at once, and an open one as fast as the app's live path."""
AGENT = "slackwater-drain"


def put(flag: Path, gate: Gate) -> None:
    """Raises OSError."""
    if gate is Gate.OPEN:
        flag.unlink(missing_ok=True)
    elif not flag.exists():
        flag.write_text("")


def answer(app: App | None) -> Gate | None:
    """As balancers see it; None when nobody can tell. Nobody is sent to a host without an app, or without nginx."""
    if app is None:
        return Gate.ABSENT
    connection = _connection(app)
    try:
        connection.request("GET", ROUTE, headers={"User-Agent": AGENT})
        said = connection.getresponse()
        closed = said.status == 503 and said.read(100).strip() == b"draining"
    except ConnectionRefusedError:
        return Gate.ABSENT
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return Gate.CLOSED if closed else Gate.OPEN


def _connection(app: App) -> http.client.HTTPConnection:
    """A host's certificate is its own, and it asks itself."""
    if not app.tls:
        return http.client.HTTPConnection("127.0.0.1", app.port, timeout=TIMEOUT)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", app.port, timeout=TIMEOUT, context=context)
