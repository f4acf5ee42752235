"""Who is typing, and where."""

from __future__ import annotations

import getpass
import os
import socket


def user() -> str:
    """A container may run under a number that has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def machine() -> str:
    return socket.gethostname()
