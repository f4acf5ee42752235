"""Writes the list to disk, then gives it to nginx, and looks that nginx still has it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ..members import Member
from ..threads import in_thread
from ..words import Log, printable
from .entry import Entry
from .files import write_known, write_members
from .nginx import OutletError, Seen

POLL = 2.0
"""Seconds between two looks: so long may nginx go on with an older list after a restart of its own."""
RETRY = 0.2
"""Seconds until nginx is tried again that was not there: it comes back within a moment, or not soon."""


class Outlet(Protocol):
    """Where the list goes; `put` says which generation is there then. Both raise OutletError."""

    least_pause: float

    async def put(self, generation: int, entries: tuple[Entry, ...]) -> int: ...

    async def look(self) -> Seen: ...


@dataclass(frozen=True)
class Wanted:
    """`known` are all that may have connections, `entries` those that get new requests."""

    generation: int
    entries: tuple[Entry, ...] = ()
    known: frozenset[Member] = frozenset()


class Writer:
    """`want` may be called at any time; the latest wins. `synced` is called each time nginx has it."""

    def __init__(self, outlet: Outlet, state: Path, generation: int, log: Log) -> None:
        self.generation, self.seen, self.error, self.disk_error = generation, Seen(0), "", ""
        self.puts = self.failures = 0
        self._outlet, self._state, self._log = outlet, state, log
        self._entries: tuple[Entry, ...] = ()
        self._known: frozenset[Member] = frozenset()
        self._on_disk = Wanted(generation)
        self._given: int | None = None
        self._changed = asyncio.Event()
        self._in_a_row = 0
        self.synced: Callable[[], None] = lambda: None

    def begin(self, entries: tuple[Entry, ...]) -> None:
        """What is on disk already."""
        self._entries = entries

    def want(self, entries: tuple[Entry, ...], known: frozenset[Member]) -> None:
        """An empty list is never written: nginx and the disk keep the last good one."""
        if entries and entries != self._entries:
            self._entries = entries
            self.generation += 1
            self._changed.set()
        if known != self._known:
            self._known = known
            self._changed.set()

    async def run(self) -> None:
        while True:
            self._changed.clear()
            now = Wanted(self.generation, self._entries, self._known)
            await self._write(now)
            await self._sync(now)
            await asyncio.sleep(self._outlet.least_pause)
            failing = RETRY * 2 ** min(self._in_a_row - 1, 4) if self._in_a_row else POLL
            try:
                async with asyncio.timeout(min(failing, POLL)):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _write(self, now: Wanted) -> None:
        """A disk that takes nothing does not keep nginx from the list: who is dead must go all the same."""
        before, error = self._on_disk, ""
        try:
            if before.known != now.known:
                await in_thread(lambda: write_known(self._state, now.known))
            if before.generation != now.generation:
                await in_thread(lambda: write_members(self._state, now.generation, now.entries))
            self._on_disk = now
        except OSError as failure:
            error = printable(failure)
        self.disk_error = self._say("disk", self.disk_error, error)

    async def _sync(self, now: Wanted) -> None:
        """nginx is given the list when it is another, and when nginx says that it has another."""
        error = ""
        try:
            if self._given == now.generation or not now.entries:
                self.seen = await self._outlet.look()
            if now.entries and not self._given == self.seen.generation == now.generation:
                self._given = await self._outlet.put(now.generation, now.entries)
                self.seen = replace(self.seen, generation=self._given)
                self.puts += 1
            if now.entries and self._given != now.generation:
                error = f"nginx has generation {self._given}, not {now.generation}"
        except OutletError as refused:
            error = str(refused)
        self._note(error)

    def _note(self, error: str) -> None:
        self.error = self._say("nginx", self.error, error)
        if error:
            self.failures += 1
            self._in_a_row += 1
            return
        self._in_a_row = 0
        self.synced()

    def _say(self, what: str, before: str, error: str) -> str:
        """Once when it begins and once when it ends."""
        if error and not before:
            self._log(f"{what}: {error}")
        if before and not error:
            self._log(f"{what}: well again")
        return error
