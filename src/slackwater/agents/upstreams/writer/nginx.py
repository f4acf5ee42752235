"""nginx's own list of members, over its unix socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..checker.answer import Answer, GarbageError, Reader
from ..given import ConfigurationError, Given
from ..members import Place
from ..words import printable
from .entry import Entry, as_document

ANSWER_TIMEOUT = 3.0
"""Seconds: nginx answers at once; one that hangs must not keep the next list from being tried."""
LONGEST = 8 * 1024 * 1024
"""Bytes: 5,000 members with their counters take less than two million."""


class OutletError(Exception):
    """nginx is not there, or did not take the list; says why."""


@dataclass(frozen=True, slots=True)
class Count:
    """Of one place, since nginx knows it; `ejected` while nginx itself leaves it out for its failures."""

    in_flight: int
    requests: int = 0
    failures: int = 0
    ejected: bool = False


@dataclass(frozen=True)
class Seen:
    """What nginx says of itself. `leaving`: no longer members, and still with requests in flight."""

    generation: int
    members: Mapping[Place, Count] = field(default_factory=dict)
    leaving: Mapping[Place, int] = field(default_factory=dict)

    def in_flight(self, place: Place) -> int:
        count = self.members.get(place)
        return count.in_flight if count else self.leaving.get(place, 0)


class Nginx:
    """`least_pause` is 0: a list costs nginx nothing."""

    least_pause = 0.0

    def __init__(self, api: Path) -> None:
        self._api = api

    async def put(self, generation: int, entries: tuple[Entry, ...]) -> int:
        answer = await self._ask("PUT", json.dumps(as_document(generation, entries)).encode())
        if answer.status != 200:
            raise OutletError(f"nginx refused the list with {answer.status}: {printable(answer.body)}")
        return _understood(answer).generation

    async def look(self) -> Seen:
        answer = await self._ask("GET", b"")
        if answer.status != 200:
            raise OutletError(f"nginx answered {answer.status}: {printable(answer.body)}")
        return _understood(answer)

    async def _ask(self, method: str, body: bytes) -> Answer:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                return await _exchange(self._api, method, body)
        except TimeoutError as error:
            raise OutletError(f"{self._api} did not answer within {ANSWER_TIMEOUT:g} s") from error
        except (OSError, GarbageError) as error:
            raise OutletError(f"{self._api}: {printable(error)}") from error


async def _exchange(api: Path, method: str, body: bytes) -> Answer:
    lines = [f"{method} /members HTTP/1.1", "Host: upstreams", "Connection: close", "Content-Type: application/json"]
    stream, writer = await asyncio.open_unix_connection(str(api))
    try:
        writer.write("\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body)
        reader = Reader(LONGEST)
        while data := await stream.read(65536):
            if answer := reader.feed(data):
                return answer
        return reader.end()
    finally:
        writer.transport.abort()


def _understood(answer: Answer) -> Seen:
    try:
        return _seen(Given(json.loads(answer.body), "nginx"))
    except (ValueError, ConfigurationError) as error:
        raise OutletError(f"nginx's answer is no list of members: {printable(error)}") from error


def _seen(given: Given) -> Seen:
    members = {_place(part): _count(part) for part in given.parts("members")}
    leaving = {_place(part): part.whole("in_flight", 0, 2**53) for part in given.parts("leaving")}
    return Seen(given.whole("generation", 0, 2**53), members, leaving)


def _place(given: Given) -> Place:
    return Place(given.address("address"), given.whole("port", 1, 65535))


def _count(given: Given) -> Count:
    numbers: dict[str, Any] = {key: given.whole(key, 0, 2**53, 0) for key in ("in_flight", "requests", "failures")}
    return Count(**numbers, ejected=given.switch("ejected", False))
