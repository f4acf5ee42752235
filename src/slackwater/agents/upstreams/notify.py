"""What systemd is told: ready, alive, stopping (https://www.freedesktop.org/software/systemd/man/sd_notify.html)."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class Systemd:
    """Says nothing where nobody listens."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{path[1:]}" if path.startswith("@") else path
        self._watchdog = int(environment.get("WATCHDOG_USEC") or 0) / 1e6
        self._is_ready = False

    def ready(self) -> None:
        if not self._is_ready:
            self._is_ready = True
            self._send("READY=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    async def watch(self) -> None:
        """From the loop that does the work: one that hangs falls silent, and is restarted."""
        while self._watchdog:
            self._send("WATCHDOG=1")
            await asyncio.sleep(self._watchdog / 3)

    def _send(self, message: str) -> None:
        """systemd that is restarting itself loses a message; the next one comes."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client, suppress(OSError):
            client.setblocking(False)
            client.sendto(message.encode(), self._address)
