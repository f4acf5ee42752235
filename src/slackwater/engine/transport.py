"""The ssh transport without Nagle's delay, as plain host data for `group_data/all.py`."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from paramiko import Transport

SILENCE = 30
"""Seconds without a sign of the host's kernel, after which the connection is given up."""


def nodelay(sock: Any, **options: Any) -> Transport:
    """A transport on `sock` with TCP_NODELAY: paramiko leaves it off, which costs some 40 ms a command on Linux.

    And with a limit to silence: without one a host that lost power would be waited for for ever. The channel of a jump
    host is no socket, and not every operator's system has all of this.
    """
    with contextlib.suppress(AttributeError, OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENCE // 2)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, SILENCE // 6)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE * 1000)
    return Transport(sock, **options)


SSH: dict[str, Any] = {"transport_factory": nodelay}
