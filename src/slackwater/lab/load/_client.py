"""Sends one Load: requests on the clock, whatever becomes of the earlier ones."""

from __future__ import annotations

import asyncio
import time
import uuid

from slackwater.lab.load._connection import Answer, BrokenError, Pool
from slackwater.lab.load._load import Load, Mix, Request
from slackwater.lab.load._result import Result

LOOK = 0.1
"""Seconds between two looks at whether it has been stopped, when no request is due before."""


class Client:
    """Never retries; `result` grows while it runs."""

    def __init__(self, load: Load) -> None:
        run = f"load{uuid.uuid4().hex[:8]}"  # ids of two runs against the same hosts must not look like one done twice
        self.load, self.result = load, Result(run)
        self._mix = Mix(load, run)
        self._pool = Pool(load.address, self._unasked)
        self._stopped = False

    def stop(self) -> None:
        """From any thread: no request is sent any more, and the run ends with the last answer."""
        self._stopped = True

    async def run(self) -> Result:
        """Starts requests on the clock, whether earlier ones are answered or not: a slow fleet must not be spared."""
        async with asyncio.TaskGroup() as group:
            visitors = self._invite(group)
            await self._send_all(group)
            for visitor in visitors:
                visitor.cancel()
        self._pool.close()
        return self.result

    def _invite(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        if not self.load.websockets:
            return []
        from slackwater.lab.load._visitor import Visitor

        visitors = [Visitor(self.load, self.result, number) for number in range(self.load.websockets)]
        return [group.create_task(visitor.stay()) for visitor in visitors]

    async def _send_all(self, group: asyncio.TaskGroup) -> None:
        began = time.monotonic()
        for number in range(int(self.load.rate * self.load.seconds)):
            due = began + number / self.load.rate
            await self._wait_until(due)
            if self._stopped:
                return
            self.result.behind = max(self.result.behind, time.monotonic() - due)
            group.create_task(self._one(number))
        await self._wait_until(began + self.load.seconds)

    async def _wait_until(self, moment: float) -> None:
        while not self._stopped:
            rest = moment - time.monotonic()
            await asyncio.sleep(max(0.0, min(rest, LOOK)))
            if rest <= LOOK:
                return

    async def _one(self, number: int) -> None:
        request, began = self._mix.request(number), time.monotonic()
        self.result.sent[request.kind] += 1
        try:
            async with asyncio.timeout(request.patience):
                answer, sent = await self._exchange(request)
        except BrokenError as error:
            self.result.lose(request.kind, str(error))
        except OSError as error:
            self.result.lose(request.kind, type(error).__name__)
        else:
            self.result.take(request, answer, sent, time.monotonic() - began)

    async def _exchange(self, request: Request) -> tuple[Answer, float]:
        connection, kept = await self._pool.take(request.keep), False
        try:
            if self.load.rtt:
                await asyncio.sleep(self.load.rtt)
            sent = time.monotonic()
            answer = await connection.exchange(request.data)
            kept = request.keep and answer.kept
        finally:
            self._pool.keep(connection) if kept else connection.close()
        return answer, sent

    def _unasked(self) -> None:
        self.result.mismatched["an answer that nobody asked for"] += 1
