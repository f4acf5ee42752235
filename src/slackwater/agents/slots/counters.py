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
    connection = http.client.HTTPConnection(*nginx, timeout=NGINX_TIMEOUT)
    try:
        connection.request("GET", "/stub_status")
        said = connection.getresponse().read(1000).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    found = re.search(r"Reading: (\d+) Writing: (\d+)", said)
    return int(found[1]) + int(found[2]) - 1 if found else None


def is_absent(nginx: tuple[str, int] = STUB_STATUS) -> bool:
    """Whether nobody listens there; one that is slow, or says something else, is not absent."""
    try:
        socket.create_connection(nginx, NGINX_TIMEOUT).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False
