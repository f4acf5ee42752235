"""Readiness: whether what the app depends on answers, asked rarely and never for long."""

import asyncio
import os
import time

# A dependency that hangs must not make the health check hang with it.
CHECK_TIMEOUT = 2.0

# Every balancer asks every process: without this the dependency would be asked by all of them each time.
CHECK_INTERVAL = 10.0


class Dependency:
    """`address` is "host:port"; an empty one stands for no dependency and is always there."""

    def __init__(self, address: str = os.environ.get("DEPENDENCY", "")) -> None:
        self.address = address
        self._answers, self._checked = True, float("-inf")
        self._lock = asyncio.Lock()

    async def answers(self) -> bool:
        async with self._lock:
            if self.address and time.monotonic() - self._checked >= CHECK_INTERVAL:
                self._answers, self._checked = await self._connects(), time.monotonic()
            return self._answers

    async def _connects(self) -> bool:
        host, _, port = self.address.rpartition(":")
        try:
            async with asyncio.timeout(CHECK_TIMEOUT):
                _, writer = await asyncio.open_connection(host, int(port))
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True
