"""A rollback: the pointer first, so that whoever joins takes the old release, then every host at once."""

from __future__ import annotations

import time
from dataclasses import dataclass

from slackwater.changes import Change
from slackwater.release import Proved, Release
from slackwater.rollout.alive import alive
from slackwater.rollout.fleet import Fleet
from slackwater.rollout.way_back import history_of


@dataclass
class Rollback:
    fleet: Fleet
    release: Release
    proved: Proved | None
    change: Change

    def run(self) -> None:
        """Raises RolloutError with every host that could not; those that could are back all the same."""
        began = time.monotonic()
        with alive(self):
            self.fleet.prove(self.release, history_of(self.proved, self.release.id))
            self.fleet.events.say("", f"{self.release.id} is the proved release")
            self._bring_back()
            self.fleet.reread()
            self._bring_back()
            self.fleet.settle()
        self.fleet.events.say("", f"every host runs {self.release.id}, {time.monotonic() - began:.1f} s", "green")

    def _bring_back(self) -> None:
        if names := self.fleet.others(self.release.id):
            self.fleet.back(names, self.release)
            self.fleet.confirm(names, self.release.id)
