"""What systemd is told (https://www.freedesktop.org/software/systemd/man/sd_notify.html)."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class Systemd:
    """Says nothing where nobody listens."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{path[1:]}" if path.startswith("@") else path
        self._has_watchdog = bool(int(environment.get("WATCHDOG_USEC") or 0))
        self._is_ready, self._status = False, ""

    def ready(self) -> None:
        if not self._is_ready:
            self._is_ready = True
            self._send("READY=1")

    def alive(self) -> None:
        """From the loop that does the work: one that hangs falls silent, and is restarted."""
        if self._has_watchdog:
            self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        """systemd that is restarting itself loses a message; the next one comes."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client, suppress(OSError):
            client.setblocking(False)
            client.sendto(message.encode(), self._address)
