"""nginx without the Lua module: root's own unit makes a file of the members, tests it and reloads nginx.

The agent writes the members' file, and at most once in five seconds its wish; it may neither
reload nginx nor write what nginx reads as configuration.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from ..given import ConfigurationError, Given
from ..words import printable
from .entry import Entry
from .nginx import OutletError, Seen

RELOAD_TIMEOUT = 10.0
"""Seconds for test and reload together: a unit that does not run must be noticed."""
LOOK_EVERY = 0.1


class Reloading:
    """`least_pause`: each reload costs clients on kept connections some requests, and nginx a generation of workers."""

    least_pause = 5.0

    def __init__(self, state: Path, reloaded: Path) -> None:
        self._wish, self._reloaded = state.with_name("reload"), reloaded

    async def put(self, generation: int, entries: tuple[Entry, ...]) -> int:
        """Root's unit looks at a file of its own, for it sleeps through what changes while it works: asked again, it
        is written again. Waits until the unit has answered."""
        try:
            self._wish.write_text(f"{generation}\n")
        except OSError as wrong:
            raise OutletError(f"{self._wish}: {printable(wrong)}") from wrong
        for _ in range(round(RELOAD_TIMEOUT / LOOK_EVERY)):
            seen = await self.look()
            if seen.generation == generation:
                break
            await asyncio.sleep(LOOK_EVERY)
        return seen.generation

    async def look(self) -> Seen:
        try:
            given = Given(json.loads(self._reloaded.read_text()), self._reloaded.name)
            generation, error = given.whole("generation", 0, 2**53), given.value("error", "")
        except FileNotFoundError:
            return Seen(0)
        except (OSError, ValueError, ConfigurationError) as wrong:
            raise OutletError(f"{self._reloaded}: {printable(wrong)}") from wrong
        if error:
            raise OutletError(f"nginx was not reloaded: {printable(error)}")
        return Seen(generation)
