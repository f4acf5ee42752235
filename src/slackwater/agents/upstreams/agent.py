"""The agent: membership reports, the checker reports, the policy decides, the writer writes; here they meet."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .checker.checker import Checker
from .configuration import Configuration, load
from .core import Core
from .cutting import Cutting
from .given import ConfigurationError
from .members import Place
from .membership.source import Source, World
from .membership.union import union
from .notify import Systemd
from .page.server import Page
from .page.view import View
from .policy.fleet import Fleet, recovered
from .words import Log, printable, say
from .writer.entry import Entry
from .writer.files import read_members, read_weights
from .writer.nginx import Nginx
from .writer.reloading import Reloading
from .writer.writer import Outlet, Writer

LOOK_AT_FILE = 1.0
"""Seconds between two looks whether the configuration has changed."""
FORGET_AFTER = 5.0
"""Seconds that a backend which has left is watched at least: nginx's count of its requests must be newer than that."""


@dataclass(frozen=True)
class Surroundings:
    """What the agent needs of the world; tests give their own."""

    world: World = field(default_factory=World)
    clock: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random
    log: Log = say
    systemd: Systemd = field(default_factory=Systemd)


class Agent:
    """Reads its file and what was last written. Raises ConfigurationError when the file is wrong at the start."""

    def __init__(self, path: Path, around: Surroundings) -> None:
        self._path, self._around = path, around
        self._read_at = _stamp(path)
        self.told = told = load(path)
        self.configuration_error = ""
        generation, entries = read_members(told.state, around.log)
        fleet = _recovered(entries, read_weights(told.state))
        self.core = Core(fleet, told.rules, around.clock, around.log, self._moved)
        outlet: Outlet = Nginx(told.api) if told.writer == "lua" else Reloading(told.state, told.reloaded)
        self.writer = Writer(outlet, told.state, generation, around.log)
        self.writer.begin(entries)
        self.writer.synced = self._synced
        self.cutting = Cutting(told.cut, outlet, self._is_back, around.log)
        self.sources = [self._source(one) for one in told.sources]
        self.page = Page(self.view, around.log)
        self._lookers: dict[int, asyncio.Task[None]] = {}

    def view(self) -> View:
        now = self._around.clock()
        return View(self.core, self.sources, self.writer, self.cutting, self.configuration_error, now)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; nginx is left as it is. A part that fails ends all, and systemd starts it anew."""
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().set_exception_handler(self._unexpected)
        self._stop = stop
        self._checker = self._new_checker()
        self._publish()
        parts = (self.writer.run(), self._watch_file(), self.page.serve(*self.told.page), self._around.systemd.watch())
        tasks = [self._task(part) for part in parts]
        self._look_at_sources()
        try:
            await asyncio.wait({self._failed, self._task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._around.systemd.stopping()
            self._checker.stop()
            for task in [*tasks, *self._lookers.values()]:
                task.cancel()
        if self._failed.done():
            self._failed.result()

    def _task(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (error := task.exception()) and not self._failed.done():
            self._failed.set_exception(error)

    def _unexpected(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A fault of our own in a callback: an agent that goes on with half of itself is worse than a new one.

        What the system could not do, such as accept a connection while no file is left, is no fault of ours.
        """
        error = context.get("exception") or RuntimeError(context.get("message"))
        if isinstance(error, OSError):
            self._around.log(f"{context.get('message')}: {printable(error)}")
        elif not self._failed.done():
            self._failed.set_exception(error)

    def _new_checker(self) -> Checker:
        checker = Checker(self.told.checks, self.core.report, self._around.chance)
        checker.follow(self.core.fleet.records)
        return checker

    def _source(self, told: Any) -> Source:
        return Source(told, self._around.world, self._around.clock, self._around.log)

    def _look_at_sources(self) -> None:
        for source in self.sources:
            if id(source) not in self._lookers:
                self._lookers[id(source)] = self._task(self._look(source))

    async def _look(self, source: Source) -> None:
        """Until there is nothing more to see."""
        while True:
            pause = await source.look()
            self._gather()
            if pause is None:
                return
            await asyncio.sleep(pause)

    def _gather(self) -> None:
        leaving = frozenset[Place]().union(*(source.leaving for source in self.sources))
        said = [source.members for source in self.sources]
        self.core.adopt(union(said, self.core.fleet.members, leaving))

    def _moved(self, dead: list[Place]) -> None:
        self._checker.follow(self.core.fleet.records)
        self.cutting.died(dead)
        self._publish()
        self._cut()

    def _publish(self) -> None:
        known = frozenset(record.member for record in self.core.fleet.records.values())
        self.writer.want(self.core.entries(), known)

    def _cut(self) -> None:
        """Not before nginx knows who is out: it would only connect again."""
        if self.writer.generation == self.writer.seen.generation:
            self.cutting.synced()

    def _is_back(self, place: Place) -> bool:
        record = self.core.fleet.records.get(place)
        return record is not None and (record.serves or record.heard)

    def _synced(self) -> None:
        """nginx has the list: now the dead may be cut off, and those that have left and finished are forgotten."""
        self._cut()
        now, seen = self._around.clock(), self.writer.seen
        records = self.core.fleet.records.items()
        left = [place for place, record in records if record.left and abs(now - record.changed) > FORGET_AFTER]
        self.core.forget(place for place in left if not seen.in_flight(place))
        if self.writer.generation == seen.generation:
            self._around.systemd.ready()

    async def _watch_file(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AT_FILE)
            if all(source.looks for source in self.sources) and self.core.asked >= self.core.fleet.records.keys():
                self._around.systemd.ready()
            stamp = _stamp(self._path)
            if stamp != self._read_at:
                self._read_at = stamp
                self._reread()

    def _reread(self) -> None:
        """A file that is broken changes nothing."""
        try:
            told = load(self._path)
        except ConfigurationError as error:
            self.configuration_error = printable(error)
            self._around.log(f"the configuration stays as it was: {self.configuration_error}")
            return
        self.configuration_error = ""
        if told != self.told:
            self._follow(told)

    def _follow(self, told: Configuration) -> None:
        before, self.told = self.told, told
        if replace(told, sources=before.sources, checks=before.checks, rules=before.rules) != before:
            self._around.log("the configuration names other files or addresses: ends, to be started anew with them")
            self._stop.set()
            return
        self._around.log("the configuration has changed")
        if told.checks != before.checks:
            self._checker.stop()
            self._checker = self._new_checker()
        if told.sources != before.sources:
            self._follow_sources()
        self.core.follow(told.rules)

    def _follow_sources(self) -> None:
        """A source that is named as before goes on; what it has said is still true."""
        known = {source.told: source for source in self.sources}
        self.sources = [known.get(one) or self._source(one) for one in self.told.sources]
        for gone in self._lookers.keys() - {id(source) for source in self.sources}:
            self._lookers.pop(gone).cancel()
        self._look_at_sources()
        self._gather()


def _recovered(entries: tuple[Entry, ...], weights: Mapping[str, int]) -> Fleet:
    """nginx's list has the weights that readiness has lowered; without the full ones they would be lowered again."""
    full = [replace(one.member, weight=weights.get(str(one.place), one.weight)) for one in entries]
    lowered = [one.place for one, member in zip(entries, full, strict=True) if one.weight < member.weight]
    return recovered(zip(full, (one.since for one in entries), strict=True), lowered)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
