"""Asks the helper that may do it to cut this balancer's connections to backends that are dead."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from .members import Place
from .words import printable

ANSWER_TIMEOUT = 10.0
"""Seconds for all places together: starting the helper takes a moment, the kernel none."""


class CutError(Exception):
    """The helper is not there or could not cut; the read timeout then bounds what still waits."""


async def cut(helper: Path, places: Sequence[Place]) -> list[str]:
    """What the helper says of each place, such as "cut 6"."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            return await _exchange(helper, places)
    except TimeoutError as error:
        raise CutError(f"{helper} did not answer within {ANSWER_TIMEOUT:g} s") from error
    except OSError as error:
        raise CutError(f"{helper}: {printable(error)}") from error


async def _exchange(helper: Path, places: Sequence[Place]) -> list[str]:
    reader, writer = await asyncio.open_unix_connection(str(helper))
    try:
        writer.write("".join(f"{place.address} {place.port}\n" for place in places).encode())
        writer.write_eof()
        lines = (await reader.read()).splitlines()
    finally:
        writer.transport.abort()
    return [printable(line) for line in lines]
