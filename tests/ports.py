"""Ports of this machine for servers of the tests."""

from __future__ import annotations

import contextlib
import os
import random
import socket

TAKEN_FOR_TLS = "443"
"""gixy takes a server for one with TLS when its port only contains it: 14430, too."""
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
PORTS = [port for port in range(10_000, 32_000) if TAKEN_FOR_TLS not in str(port)][WORKER::WORKERS]
"""Of this worker alone: what another chose a moment ago is not taken yet."""
random.shuffle(PORTS)


def ports(number: int) -> list[int]:
    """Free on every address, chosen once in a run, and none that the system itself gives to outgoing connections."""
    found: list[int] = []
    while len(found) < number:
        port = PORTS.pop()
        with (
            contextlib.suppress(OSError),
            socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True),
        ):
            found.append(port)
    return found
