"""What nginx counts of its own connections."""

from __future__ import annotations

import http.client
import re
import socket

STUB_STATUS = ("127.0.0.1", 8081)
NGINX_TIMEOUT = 1.0
"""Seconds: nginx answers its counters at once or has other worries."""


def in_flight(nginx: tuple[str, int] = STUB_STATUS) -> int | None:
    """Requests that nginx is serving, by its own counters, this question not among them; None when it does not say."""
    found = _counted(r"Reading: (\d+) Writing: (\d+)", nginx)
    return int(found[1]) + int(found[2]) - 1 if found else None


def kept(nginx: tuple[str, int] = STUB_STATUS) -> int | None:
    """Clients' connections on which nobody asks just now; None when nginx does not say."""
    found = _counted(r"Waiting: (\d+)", nginx)
    return int(found[1]) if found else None


def _counted(pattern: str, nginx: tuple[str, int]) -> re.Match[str] | None:
    connection = http.client.HTTPConnection(*nginx, timeout=NGINX_TIMEOUT)
    try:
        connection.request("GET", "/stub_status")
        said = connection.getresponse().read(1000).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return re.search(pattern, said)


def is_absent(nginx: tuple[str, int] = STUB_STATUS) -> bool:
    """Whether nobody listens there; one that is slow, or says something else, is not absent."""
    try:
        socket.create_connection(nginx, NGINX_TIMEOUT).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False
