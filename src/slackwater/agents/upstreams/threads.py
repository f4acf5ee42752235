"""Work that blocks, in a thread that nobody waits for when the agent ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


async def in_thread(work: Callable[[], Result]) -> Result:
    """asyncio's own threads are waited for at the end: a name server that hangs would hold up a restart."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def run() -> None:
        try:  # whatever goes wrong is for the one who waits
            result = work()
        except BaseException as error:
            _tell(loop, future.set_exception, future, error)
        else:
            _tell(loop, future.set_result, future, result)

    threading.Thread(target=run, daemon=True).start()
    return await future


def _tell(
    loop: asyncio.AbstractEventLoop, settle: Callable[..., None], future: asyncio.Future[Result], value: object
) -> None:
    """A loop that is closed, or a waiter that has gone, needs no answer."""

    def deliver() -> None:
        if not future.done():
            settle(value)

    with suppress(RuntimeError):
        loop.call_soon_threadsafe(deliver)
