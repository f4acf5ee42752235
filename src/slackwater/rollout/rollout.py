"""A rollout: batch by batch, each proved, seen healthy and watched; at the first failure everything goes back."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from slackwater.changes import Change, TakenOverError
from slackwater.engine.order import Order
from slackwater.errors import RolloutError, SlackwaterError
from slackwater.release import Proved, Release
from slackwater.rollout.alive import UndoneError, alive
from slackwater.rollout.fleet import PAUSE, Fleet
from slackwater.rollout.plan import Batch, Pace, batches
from slackwater.rollout.watch import Watch

LAST_LINES = 20
"""Of the app's own log, for the message about a host that turned bad."""
STANDBY = 900
"""Seconds that replaced slots run on at most, should the rollout die: its end, or the next one, stops them sooner."""


@dataclass
class Rollout:
    """`bake` is seconds that each batch is watched; `proved` what the pointer said when it began."""

    fleet: Fleet
    release: Release
    proved: Proved | None
    pace: Pace
    bake: int
    change: Change
    changed: list[str] = field(default_factory=list)

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
                raise UndoneError(f"{why}\n{self._put_back()}") from error
            self._latecomers()
            self.fleet.settle()
            self._after()

    def _bring(self) -> None:
        while todo := self.fleet.others(self.release.id):
            fleet = len(self.fleet.hosts.of("app"))
            for batch in batches(todo, fleet, self.pace if not self.changed else Pace(0, self.pace.batch)):
                self._one(batch)
            self.fleet.reread()

    def _one(self, batch: Batch) -> None:
        self._checkpoint()
        self._step(f"{batch.what}: {', '.join(batch.hosts)}")
        hook_on = None if self.changed else batch.hosts[0]
        self.changed += batch.hosts
        self.fleet.converge(batch.hosts, Order(self.release, hook_on=hook_on, standby=STANDBY))
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
        """What the app itself said last on them."""
        unit = f"slackwater-{self.fleet.app.name}@*.service"
        answers = self.fleet.hosts.ask(list(names), f"journalctl --no-pager -o cat -n {LAST_LINES} -u '{unit}'")
        return [f"{name} said last:\n{answer.text}" for name, answer in answers.items()]

    def _restarts(self) -> dict[str, int]:
        seen = self.fleet.hosts.seen(self.changed, self.fleet.app.name)
        return {name: one.facts.get("restarts") or 0 for name, one in seen.items() if not one.fault}

    def _prove(self) -> None:
        before = self.proved
        if before is not None and before.release == self.release.id:
            return
        history = () if before is None else (*before.history, before.release)
        self.fleet.prove(self.release, history)
        self._say("", f"{self.release.id} is the proved release", "green")

    def _latecomers(self) -> None:
        """Hosts that joined before the pointer moved and took the old release."""
        self.fleet.reread()
        if late := self.fleet.others(self.release.id):
            self._say("", f"joined meanwhile: {', '.join(late)}")
            self.fleet.converge(late, Order(self.release))
            self.fleet.confirm(late, self.release.id)

    def _after(self) -> None:
        """A failure is the operator's to know; the release is live everywhere and stays."""
        if not self.fleet.app.after_release:
            return
        first = self.fleet.hosts.of("app")[0]
        self._step(f"after_release on {first}")
        slot = self.fleet.hosts.seen([first], self.fleet.app.name)[first].facts.get("slot")
        command = f"slackwater-slots hook {self.fleet.app.name} {slot} after_release"
        answer = self.fleet.hosts.ask([first], command, self.fleet.app.hook_timeout + 60)[first]
        if not answer.is_good:
            raise RolloutError(f"{first}: after_release failed; {self.release.id} is live everywhere:\n{answer.text}")

    def _put_back(self) -> str:
        """Every host that does not run what was proved, all at once; what became of it, in a sentence."""
        if self.proved is None:
            return f"Nothing was proved before {self.release.id}, so there is nothing to go back to"
        self.fleet.reread()
        origin = self.fleet.releases.get(self.fleet.app.name, self.proved.release)
        touched = self.fleet.others(origin.id)
        if touched:
            self._step(f"going back to {origin.id}: {', '.join(touched)}")
            self.fleet.back(touched, origin)
            self.fleet.confirm(touched, origin.id)
        self.fleet.settle()
        return f"Every host runs {origin.id}" + (f"; changed and put back: {', '.join(touched)}" if touched else "")

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
