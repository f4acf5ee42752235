"""Members from a DNS name: one for each of its addresses."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

from ..configuration import Dns
from ..members import Member, Place, canonical
from ..threads import in_thread
from .reading import Reading, SourceError

ANSWER_TIMEOUT = 5.0
"""Seconds: a resolver that hangs must be seen as a failed look, not as silence."""

Resolver = Callable[[str], Awaitable[list[str]]]


async def resolve(name: str) -> list[str]:
    """Addresses of both families, by the system's own resolver."""
    found = await in_thread(lambda: socket.getaddrinfo(name, None, type=socket.SOCK_STREAM))
    return [str(entry[4][0]) for entry in found]


async def read(told: Dns, resolver: Resolver = resolve) -> Reading:
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            addresses = await resolver(told.name)
    except TimeoutError as error:
        raise SourceError(f"{told.name}: no answer within {ANSWER_TIMEOUT:g} s") from error
    except (OSError, UnicodeError) as error:
        raise SourceError(f"{told.name}: {error}") from error
    wrong = [address for address in addresses if canonical(address) is None]
    if wrong:
        raise SourceError(f"{told.name}: {wrong[0]!r} is no address of a backend")
    return Reading(tuple(_member(told, address) for address in sorted({str(canonical(one)) for one in addresses})))


def _member(told: Dns, address: str) -> Member:
    """A member's name may hold no colon."""
    return Member(f"{address.replace(':', '-')}-{told.port}", Place(address, told.port), told.weight, told.backup)
