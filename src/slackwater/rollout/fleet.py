"""What a rollout and a rollback work with: the declared fleet, its store, its connections, its record."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from slackwater.changes import Changes
from slackwater.engine.order import Order
from slackwater.errors import RolloutError, SlackwaterError
from slackwater.inventory.states import noting
from slackwater.lint.loading import Declaration, inventory_of
from slackwater.release import Proved, Release, Releases
from slackwater.rollout.converge import converge
from slackwater.rollout.events import Events
from slackwater.rollout.hosts import CHANGE_TIMEOUT, Answer, Hosts, Seen, facts
from slackwater.rollout.plan import by_name
from slackwater.settings import App

RETURN_TIMEOUT = 120.0
"""Seconds that a host which reboots may take to answer again; one that is gone for good must end in a message."""
HEALTHY_TIMEOUT = 30.0
"""Seconds for the balancers to see a host healthy that has just proved itself."""
PAUSE = 1.0
"""Seconds between two looks."""
RETURN_PAUSE = 5.0
"""Seconds between two attempts to reach a host that is away."""


@dataclass
class Fleet:
    """`reread` takes hosts in that joined meanwhile."""

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
        there = Hosts(self.declaration)  # first: an inventory that broke must not cost those that are known
        self.hosts.close()
        self.hosts = there

    def states(self) -> dict[str, str]:
        """Of its instances now, by id, as AWS names them; connections stay. Empty where AWS is not asked."""
        with noting() as found:
            inventory_of(self.declaration)
        return found

    def members(self) -> list[str]:
        """Whoever runs the release: those who answer requests, and those who carry out tasks."""
        workers = [name for name in self.hosts.of("worker") if self.hosts.hosts[name].data.get("worker")]
        return by_name({*self.hosts.of("app"), *workers})

    def seen(self) -> dict[str, Seen]:
        return self.hosts.seen(self.members(), self.app.name)

    def seen_whole(self) -> dict[str, Seen]:
        """Every app host, those that reboot awaited. Raises RolloutError for one that stays away."""
        seen = self.seen()
        deadline = time.monotonic() + RETURN_TIMEOUT
        while faults := {name: one.fault for name, one in seen.items() if one.fault}:
            self._wait_for(faults, deadline)
            seen |= self.hosts.seen(list(faults), self.app.name)
        return seen

    def _wait_for(self, faults: Mapping[str, str], deadline: float, failed: Sequence[str] = ()) -> None:
        if time.monotonic() > deadline:
            told = [f"{name} cannot be asked: {fault}" for name, fault in faults.items()]
            raise RolloutError("\n".join([*failed, *told, "Mend it, or take it out of the inventory"]))
        self.events.say(", ".join(faults), "does not answer; waiting for it")
        time.sleep(RETURN_PAUSE)

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
                found = one.fault or "somebody else changed it"
                raise RolloutError(f"{name} runs {one.release}, not {release}: {found}")
        deadline = time.monotonic() + HEALTHY_TIMEOUT
        while wrong := self.hosts.unhealthy(names):
            if time.monotonic() > deadline:
                lines = [f"{name}: not healthy within {HEALTHY_TIMEOUT:.0f} s: {why}" for name, why in wrong.items()]
                raise RolloutError("\n".join(lines))
            time.sleep(PAUSE)

    def back(self, release: str) -> list[str]:
        """Every app host, all at once; returns those that were changed.

        All are told, not only those that seem to need it: a switch that a dead run began may still be at work there.
        Those that can go back at once do so first; then the others are waited for and converged. Raises RolloutError.
        """
        command = f"slackwater-slots status {self.app.name} --json; slackwater-slots back {self.app.name} {release}"
        deadline, names = time.monotonic() + RETURN_TIMEOUT, self.members()
        touched: list[str] = []
        failed: list[str] = []
        while names:
            answers = self.hosts.ask(names, command, CHANGE_TIMEOUT)
            self._say_back(answers, release)
            lacking = [name for name, answer in answers.items() if answer.status not in {0, None}]
            touched += lacking + [name for name, one in answers.items() if one.is_good and _was(one) != release]
            failed += self._installed(lacking, release)
            names = [name for name, answer in answers.items() if answer.status is None]
            if names:
                self._wait_for({name: answers[name].text for name in names}, deadline, failed)
        if failed:
            raise RolloutError("\n".join(failed))
        return by_name(touched)

    def _say_back(self, answers: Mapping[str, Answer], release: str) -> None:
        for name, answer in answers.items():
            if answer.is_good:
                self.events.say(name, f"on {release}")

    def _installed(self, names: Sequence[str], release: str) -> list[str]:
        """What has not got that release any more, or never had it; returns what failed: others may be waited for."""
        for name in names:
            self.events.say(name, f"cannot go back to {release} by itself: converging")
        try:
            if names:
                self.converge(names, Order(self.releases.get(self.app.name, release)))
        except SlackwaterError as error:
            return [str(error)]
        return []

    def prove(self, release: Release, history: Iterable[str]) -> None:
        """Moves the pointer; `history` are the releases proved before, the newest last."""
        self.releases.prove(self.app.name, self.name, Proved.here(release, tuple(history)))

    def settle(self, proved: str) -> None:
        """Ends what was kept running for the way back, on every host that can be asked; each notes what is proved."""
        command = f"slackwater-slots settle {self.app.name} --proved {shlex.quote(proved)}"
        self.hosts.ask(self.members(), command, CHANGE_TIMEOUT)


def _was(answer: Answer) -> str | None:
    """The release that a host ran before it went back."""
    return (facts(answer) or {}).get("release")
