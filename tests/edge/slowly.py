"""Clients that never come to an end."""

from __future__ import annotations

import socket
import time


def drip(sockets: list[socket.socket], text: bytes, *, until: float) -> None:
    """A line now and then on each, as slowloris does."""
    while time.monotonic() < until:
        for each in sockets if text else ():
            try:
                each.sendall(text)
            except OSError:
                continue
        time.sleep(0.5)


def closed(connection: socket.socket) -> bool:
    """Whether the other side has ended it, with or without a last word."""
    connection.settimeout(0.01)
    try:
        while connection.recv(4096):
            continue
    except TimeoutError:
        return False
    except OSError:
        return True
    return True
