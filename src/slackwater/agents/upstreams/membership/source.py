"""One source, looked at again and again."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..configuration import AutoScaling, Dns, Inventory, Told
from ..members import MOST_MEMBERS, Member, Place
from ..threads import in_thread
from ..words import Log, printable
from . import auto_scaling, dns
from .reading import Believed, Reading, SourceError, believe, failed

LONGEST_PAUSE = 60.0
"""Seconds between two looks at a source that fails and fails: it is asked less, never given up."""
JITTER = 0.2
"""Share of the pause: balancers that started together must not ask a throttled service together for ever."""

Read = Callable[[], Awaitable[Reading]]


@dataclass(frozen=True)
class World:
    """What a source needs of the world; tests give their own."""

    resolver: dns.Resolver = dns.resolve
    client: auto_scaling.Client = auto_scaling.aws_client
    chance: Callable[[], float] = random.random


def reader(told: Told, world: World) -> Read:
    match told:
        case AutoScaling():
            groups = auto_scaling.Groups(told, world.client)
            return lambda: in_thread(groups.read)
        case Dns():
            return lambda: dns.read(told, world.resolver)
    return _constant(Reading(told.members))


def _constant(reading: Reading) -> Read:
    async def read() -> Reading:
        return reading

    return read


class Source:
    """`members` is what it last said and was believed; `error` is what is wrong with it at present, or empty."""

    def __init__(self, told: Told, world: World, clock: Callable[[], float], log: Log) -> None:
        self.told, self.error, self.looks, self.failures = told, "", 0, 0
        self.heard_at: float | None = None
        self._read, self._chance, self._clock, self._log = reader(told, world), world.chance, clock, log
        self._believed = Believed()
        self._in_a_row = 0

    @property
    def members(self) -> tuple[Member, ...] | None:
        return self._believed.members

    @property
    def leaving(self) -> frozenset[Place]:
        return self._believed.leaving

    @property
    def name(self) -> str:
        match self.told:
            case AutoScaling(groups=groups):
                return f"auto_scaling {','.join(groups)}"
            case Dns(name=name):
                return f"dns {name}"
        return "inventory"

    async def look(self) -> float | None:
        """Seconds until the next look is due; None when there is nothing more to see."""
        try:
            reading = await self._read()
            if len(reading.members) > MOST_MEMBERS:
                raise SourceError(f"names {len(reading.members)} members, more than {MOST_MEMBERS}")
        except SourceError as error:
            self._note(failed(self._believed), printable(error))
            self._in_a_row += 1
        else:
            self._hear(reading)
        self.looks += 1
        return self._pause()

    def _hear(self, reading: Reading) -> None:
        """An inventory was written by who may; nothing in it is doubted."""
        trusted = isinstance(self.told, Inventory)
        believed = Believed(reading.members) if trusted else believe(self._believed, reading)
        self._note(believed, believed.remark)
        self.heard_at, self._in_a_row = self._clock(), 0

    def _note(self, believed: Believed, error: str) -> None:
        """Says it once when it begins and once when it ends, not at each look."""
        if error and error != self.error:
            self._log(f"{self.name}: {error}")
        if self.error and not error:
            self._log(f"{self.name}: answers again")
        self.failures += bool(error)
        self._believed, self.error = believed, error

    def _pause(self) -> float | None:
        if isinstance(self.told, Inventory):
            return None
        longer: float = self.told.interval * 2 ** min(self._in_a_row, 10)
        pause = min(longer, max(LONGEST_PAUSE, self.told.interval))
        return pause * (1 + JITTER * (2 * self._chance() - 1))
