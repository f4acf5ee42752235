"""Asks a slot on its own socket: this proves which release answers, whatever the app says of itself."""

from __future__ import annotations

import errno
import http.client
import socket
from pathlib import Path

CONNECTED = {"02", "03"}  # of /proc/net/unix, column St: waiting to be accepted, accepted
FULL_AFTER = 1.0
"""Seconds: connecting to a socket whose queue is full waits, and that is no sign of its absence."""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(path: Path, url: str, host: str, timeout: float) -> str:
    """Empty when the answer is 2xx; otherwise what came instead."""
    connection = UnixConnection(path, timeout)
    try:
        connection.request("GET", url, headers={"Host": host, "User-Agent": "slackwater-probe", "Connection": "close"})
        answer = connection.getresponse()
        body = answer.read(200).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"no answer ({error or type(error).__name__})"
    finally:
        connection.close()
    return "" if 200 <= answer.status < 300 else f"{answer.status} {answer.reason}: {body}"


def listening(path: Path) -> bool:
    """Whether somebody holds the socket, be the app behind it alive, busy or dead."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(FULL_AFTER)
        return client.connect_ex(str(path)) not in {errno.ENOENT, errno.ECONNREFUSED}


def connections(path: Path, table: Path = Path("/proc/net/unix")) -> int:
    """Connections that the slot behind the socket at `path` has, idle ones and those it has not accepted included."""
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return sum(len(row) == 8 and row[7] == str(path) and row[5] in CONNECTED for row in rows)
