"""Backends that have died: their connections are cut, once nginx has been told, and once more if some are left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from .cutter import CutError, cut
from .members import Place
from .words import Log
from .writer.nginx import OutletError
from .writer.writer import Outlet

AGAIN_AFTER = 1.0
"""Seconds: nginx may have begun a connection while the first cut was made."""


class Cutting:
    """`is_back` says whether a place is heard again: what it answers then is not to be lost."""

    def __init__(self, helper: Path, outlet: Outlet, is_back: Callable[[Place], bool], log: Log) -> None:
        self._helper, self._outlet, self._is_back, self._log = helper, outlet, is_back, log
        self._dead: set[Place] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.cuts = self.failures = 0

    def died(self, places: Iterable[Place]) -> None:
        self._dead |= set(places)

    def synced(self) -> None:
        """nginx knows by now: what is cut is tried elsewhere, and not there again."""
        dead, self._dead = sorted(self._dead, key=str), set()
        if dead:
            task = asyncio.get_running_loop().create_task(self._cut_twice(dead))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _cut_twice(self, places: Sequence[Place]) -> None:
        await self._cut(places)
        await asyncio.sleep(AGAIN_AFTER)
        try:
            seen = await self._outlet.look()
        except OutletError:
            return  # nginx has gone, and its connections with it
        await self._cut([place for place in places if seen.in_flight(place)])

    async def _cut(self, places: Sequence[Place]) -> None:
        dead = [place for place in places if not self._is_back(place)]
        if not dead:
            return
        self.cuts += len(dead)
        try:
            for place, said in zip(dead, await cut(self._helper, dead), strict=False):
                self._log(f"connections to {place}: {said}")
                self.failures += not said.startswith("cut ")
        except CutError as error:
            self.failures += len(dead)
            self._log(f"connections to {', '.join(map(str, dead[:3]))} were not cut: {error}")
