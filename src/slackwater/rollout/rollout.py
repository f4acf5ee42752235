"""A rollout: batch by batch, each proved, seen healthy and watched; at the first failure everything goes back."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from slackwater.changes import Change, TakenOverError
from slackwater.engine.order import Order
from slackwater.errors import RolloutError, SlackwaterError
from slackwater.release import Proved, Release
from slackwater.rollout.alive import WholeError, alive
from slackwater.rollout.arrivals import LIMIT, arrivals
from slackwater.rollout.fleet import PAUSE, Fleet
from slackwater.rollout.hosts import CHANGE_TIMEOUT
from slackwater.rollout.plan import Batch, Pace, batches
from slackwater.rollout.watch import Watch

LAST_LINES = 20
"""Of the app's own log, for the message about a host that turned bad."""
STANDBY = 3600
"""Seconds that replaced slots run on at most: the rollout's end, or the next one, stops them sooner."""
LAST_LOOKS = 3
"""Rounds in which hosts that joined late are brought along."""


@dataclass
class Rollout:
    """`bake` is seconds that each batch is watched; `proved` what the pointer said when it began.

    `arrival` is seconds that instances are waited for which boot when the pointer moves.
    """

    fleet: Fleet
    release: Release
    proved: Proved | None
    pace: Pace
    bake: int
    change: Change
    arrival: float = LIMIT
    changed: list[str] = field(default_factory=list)
    was_prepared: bool = False

    def run(self) -> None:
        """Raises RolloutError when it could not be done; every changed host is then back on what was proved."""
        with alive(self):
            try:
                self._bring()
                self._prove()
            except TakenOverError:
                raise
            except (SlackwaterError, KeyboardInterrupt) as error:
                why = str(error) or "interrupted"
                self._say("", f"stopped: {why}", "red")
                raise self._undone(why) from error
            self._finish()
        self._after()

    def _bring(self) -> None:
        """Hosts that an earlier run has brought there were perhaps never watched: they are looked at first."""
        todo = self.fleet.others(self.release.id)
        if found := [name for name in self.fleet.members() if name not in todo]:
            self.changed += found
            self._look(Batch("found on it", tuple(found)))
        speed = self.pace
        while todo:
            for batch in batches(todo, len(self.fleet.members()), speed):
                self._one(batch)
            self.fleet.reread()
            todo, speed = self.fleet.others(self.release.id), Pace(0, self.pace.batch)

    def _one(self, batch: Batch) -> None:
        self._checkpoint()
        self._step(f"{batch.what}: {', '.join(batch.hosts)}")
        hook_on = None if self.was_prepared else batch.hosts[0]
        self.changed += batch.hosts
        self.fleet.converge(batch.hosts, Order(self.release, hook_on=hook_on, standby=STANDBY))
        self.was_prepared = True
        self._look(batch)

    def _look(self, batch: Batch) -> None:
        self.fleet.confirm(batch.hosts, self.release.id)
        for name in batch.hosts:
            self._say(name, f"live on {self.release.id}, seen healthy", "green")
        self._bake(batch)

    def _bake(self, batch: Batch) -> None:
        """Looks at every changed host once a second; what turned bad is found before others change too."""
        end, watch = time.monotonic() + self.bake, Watch(self.changed, self._restarts())
        while time.monotonic() < end:
            self._checkpoint()
            if bad := watch.look(self.fleet.hosts.unhealthy(self.changed), self._restarts()):
                told = (f"{name} turned bad on {self.release.id}: {why}" for name, why in bad.items())
                raise RolloutError("\n".join([*told, *self._last_words(bad)]))
            time.sleep(PAUSE)
        if self.bake:
            self._say("", f"{batch.what} watched for {self.bake} s: healthy")

    def _last_words(self, names: Iterable[str]) -> list[str]:
        """What the app itself, or its workers, said last on them."""
        units = " ".join(f"-u '{kind}-{self.fleet.app.name}@*.service'" for kind in ("slackwater", "celery"))
        answers = self.fleet.hosts.ask(list(names), f"journalctl --no-pager -o cat -n {LAST_LINES} {units}")
        return [f"{name} said last:\n{answer.text}" for name, answer in answers.items()]

    def _restarts(self) -> dict[str, int]:
        seen = self.fleet.hosts.seen(self.changed, self.fleet.app.name)
        return {name: one.facts.get("restarts") or 0 for name, one in seen.items() if not one.fault}

    def _prove(self) -> None:
        self._checkpoint()
        before = self.proved
        if before is None or before.release != self.release.id:
            self.fleet.prove(self.release, () if before is None else (*before.history, before.release))
            self._say("", f"{self.release.id} is the proved release", "green")

    def _finish(self) -> None:
        """Once the pointer has moved: hosts that joined before, or still join, and took the old release."""
        self._bring_late()
        for _ in arrivals(self, self.arrival):
            self._bring_late()

    def _bring_late(self) -> None:
        """Slots that were kept go, too."""
        for _ in range(LAST_LOOKS):
            self.fleet.settle(self.release.id)
            self.fleet.reread()
            late = self.fleet.others(self.release.id)
            if not late:
                return
            self._step(f"not on it yet: {', '.join(late)}")
            self.fleet.converge(late, Order(self.release))
            self.fleet.confirm(late, self.release.id)
        raise RolloutError(f"{', '.join(late)} changed again and again: does somebody else deploy there?")

    def _after(self) -> None:
        """A failure is the operator's to know; the release is live everywhere and stays."""
        if not self.fleet.app.after_release:
            return
        first = self.fleet.members()[0]
        self._say("", f"after_release on {first}")
        slot = self.fleet.hosts.seen([first], self.fleet.app.name)[first].facts.get("slot")
        command = f"slackwater-slots hook {self.fleet.app.name} {slot} after_release"
        answer = self.fleet.hosts.ask([first], command, self.fleet.app.hook_timeout + CHANGE_TIMEOUT)[first]
        if not answer.is_good:
            raise RolloutError(f"{first}: after_release failed; {self.release.id} is live everywhere:\n{answer.text}")

    def _undone(self, why: str) -> RolloutError:
        """Every host that does not run what was proved goes back, all at once; what became of it, in a sentence."""
        if self.proved is None:
            return WholeError(f"{why}\nNothing was proved before {self.release.id}: there is nothing to go back to")
        try:
            self._prepare_return()
            touched = self.fleet.back(self.proved.release)
        except TakenOverError:
            raise
        except (SlackwaterError, KeyboardInterrupt) as error:
            return RolloutError(
                f"{why}\nNot every host could go back to {self.proved.release}:\n{str(error) or 'interrupted again'}\n"
                "When it is mended: slackwater rollback"
            )
        self.fleet.settle(self.proved.release)
        put_back = f"; changed and put back: {', '.join(touched)}" if touched else ""
        return WholeError(f"{why}\nEvery host runs {self.proved.release}{put_back}")

    def _prepare_return(self) -> None:
        """Neither a store that is away nor an inventory that broke is a reason to stay on what failed."""
        try:
            self._step(f"going back to {self.proved.release if self.proved else None}")
            self.fleet.reread()
        except TakenOverError:
            raise
        except SlackwaterError as error:
            self._say("", f"{error}; going back all the same", "yellow")

    def _checkpoint(self) -> None:
        """Here others' wishes are heard: pause, go on, cancel; and a thief found."""
        self.change = self.fleet.changes.refresh(self.change)
        if self.change.wish == "pause":
            self._say("", "paused; go on with --resume, or --cancel", "yellow")
        while self.change.wish == "pause":
            time.sleep(PAUSE)
            self.change = self.fleet.changes.refresh(self.change)
        if self.change.wish == "cancel":
            raise RolloutError("cancelled")

    def _step(self, what: str) -> None:
        self.change = self.fleet.changes.refresh(self.change, step=what)
        self._say("", what)

    def _say(self, who: str, what: str, color: str | None = None) -> None:
        self.fleet.events.say(who, what, color)
