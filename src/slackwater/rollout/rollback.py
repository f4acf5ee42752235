"""A rollback: the pointer first, so that whoever joins takes the old release, then every host at once."""

from __future__ import annotations

import time
from dataclasses import dataclass

from slackwater.changes import Change
from slackwater.errors import RolloutError
from slackwater.release import Proved, Release
from slackwater.rollout.alive import WholeError, alive
from slackwater.rollout.arrivals import LIMIT, arrivals
from slackwater.rollout.fleet import Fleet
from slackwater.rollout.way_back import history_of


@dataclass
class Rollback:
    """`arrival` is seconds that instances are waited for which boot when the pointer moves."""

    fleet: Fleet
    release: Release
    proved: Proved | None
    change: Change
    arrival: float = LIMIT

    def run(self) -> None:
        """Raises RolloutError with every host that could not; those that could are back all the same."""
        began = time.monotonic()
        with alive(self):
            self._step("moving the pointer")
            self.fleet.prove(self.release, history_of(self.proved, self.release.id))
            self._step("every host at once")
            self.fleet.back(self.release.id)
            self.fleet.events.say("", f"every host runs {self.release.id}, {time.monotonic() - began:.1f} s", "green")
            self._step("looking for what joined, ending what was left")
            self._finish()

    def _finish(self) -> None:
        self._bring_late()
        for _ in arrivals(self, self.arrival):
            self._bring_late()

    def _bring_late(self) -> None:
        """Hosts that joined meanwhile, and slots that were kept; only then what balancers see."""
        self.fleet.settle(self.release.id)
        self.fleet.reread()
        if self.fleet.others(self.release.id):
            self.fleet.back(self.release.id)
        try:
            self.fleet.confirm(self.fleet.members(), self.release.id)
        except RolloutError as error:
            raise WholeError(
                f"{error}\nEvery host runs {self.release.id}; the balancers do not see it healthy"
            ) from error

    def _step(self, what: str) -> None:
        """Finds out, too, whether somebody took over: then nothing more is touched."""
        self.change = self.fleet.changes.refresh(self.change, step=what)
