"""What a rollout and a rollback work with: the declared fleet, its store, its connections, its record."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from slackwater.changes import Changes
from slackwater.engine.order import Order
from slackwater.errors import RolloutError
from slackwater.lint.loading import Declaration
from slackwater.release import Proved, Release, Releases
from slackwater.rollout.converge import converge
from slackwater.rollout.events import Events
from slackwater.rollout.hosts import CHANGE_TIMEOUT, Hosts, Seen
from slackwater.rollout.plan import by_name
from slackwater.settings import App

RETURN_TIMEOUT = 120.0
"""Seconds that a host which reboots may take to answer again; one that is gone for good must end in a message."""
HEALTHY_TIMEOUT = 30.0
"""Seconds for the balancers to see a host healthy that has just proved itself."""
PAUSE = 1.0


@dataclass
class Fleet:
    """`declaration` is read anew for every batch: hosts that joined meanwhile are in it."""

    declaration: Declaration
    app: App
    name: str
    releases: Releases
    events: Events
    hosts: Hosts = field(init=False)

    def __post_init__(self) -> None:
        self.hosts = Hosts(self.declaration)

    @property
    def changes(self) -> Changes:
        return Changes(self.releases.files, self.app.name, self.name)

    def reread(self) -> None:
        """Hosts come and go while a rollout runs."""
        self.hosts.close()
        self.hosts = Hosts(self.declaration)

    def seen(self) -> dict[str, Seen]:
        return self.hosts.seen(self.hosts.of("app"), self.app.name)

    def seen_whole(self) -> dict[str, Seen]:
        """Every app host, those that reboot awaited. Raises RolloutError for one that stays away."""
        deadline = time.monotonic() + RETURN_TIMEOUT
        seen = self.seen()
        while faults := {name: one.fault for name, one in seen.items() if one.fault}:
            if time.monotonic() > deadline:
                raise RolloutError(
                    "".join(f"{name} cannot be asked: {fault}\n" for name, fault in faults.items())
                    + "Mend it, or take it out of the inventory"
                )
            self.events.say(", ".join(faults), "does not answer; waiting for it")
            time.sleep(PAUSE * 5)
            seen |= self.hosts.seen(list(faults), self.app.name)
        return seen

    def others(self, release: str) -> list[str]:
        """App hosts that do not run `release` yet. Raises RolloutError when one of them stays away."""
        return by_name(name for name, one in self.seen_whole().items() if one.release != release)

    def converge(self, names: Sequence[str], order: Order) -> None:
        """Raises RolloutError with every failure, in the host's own words."""
        failures = converge(self.declaration, names, order, self.events.say)
        if failures:
            raise RolloutError("\n".join(failure.text() for failure in failures))

    def confirm(self, names: Sequence[str], release: str) -> None:
        """They run it, and balancers see them healthy. Raises RolloutError."""
        for name, one in self.hosts.seen(names, self.app.name).items():
            if one.release != release:
                raise RolloutError(
                    f"{name} runs {one.release}, not {release}: {one.fault or 'somebody else changed it'}"
                )
        deadline = time.monotonic() + HEALTHY_TIMEOUT
        while wrong := self.hosts.unhealthy(names):
            if time.monotonic() > deadline:
                raise RolloutError(_told(wrong, f"not healthy within {HEALTHY_TIMEOUT:.0f} s"))
            time.sleep(PAUSE)

    def back(self, names: Sequence[str], release: Release) -> None:
        """All at once: the rename where the host still has the release, a converge where it does not."""
        answers = self.hosts.ask(names, f"slackwater-slots back {self.app.name} {release.id}", CHANGE_TIMEOUT)
        rest = [name for name, answer in answers.items() if not answer.is_good]
        for name in answers.keys() - set(rest):
            self.events.say(name, f"back on {release.id}")
        if rest:
            for name in rest:
                self.events.say(name, f"converging to {release.id} ({answers[name].text.strip()[:200]})")
            self.converge(rest, Order(release))

    def prove(self, release: Release, history: Iterable[str]) -> None:
        """Moves the pointer; `history` are the releases proved before, the newest last."""
        self.releases.prove(self.app.name, self.name, Proved.here(release, tuple(history)))

    def settle(self) -> None:
        """Ends what was kept running for the way back."""
        self.hosts.ask(self.hosts.of("app"), f"slackwater-slots settle {self.app.name}", CHANGE_TIMEOUT)


def _told(wrong: dict[str, str], what: str) -> str:
    return "\n".join(f"{name}: {what}: {said}" for name, said in wrong.items())
