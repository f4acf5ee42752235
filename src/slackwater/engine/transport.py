"""The ssh transport without Nagle's delay, as plain host data for `group_data/all.py`."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from paramiko import Transport


def nodelay(sock: Any, **options: Any) -> Transport:
    """A transport on `sock` with TCP_NODELAY: paramiko leaves it off, which costs some 40 ms a command on Linux."""
    with contextlib.suppress(AttributeError, OSError):  # the channel of a jump host is no socket
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Transport(sock, **options)


SSH: dict[str, Any] = {"transport_factory": nodelay}
