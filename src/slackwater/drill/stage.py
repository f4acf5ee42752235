"""Where a drill takes place: a lab with a balancer, its cloud, a group of prepared instances, and people."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from slackwater.drill.declared import GROUP, WARM_UP
from slackwater.drill.ledgers import Ledgers, on_disk
from slackwater.drill.operator import Operator
from slackwater.drill.phase import Phase
from slackwater.drill.timeline import Timeline
from slackwater.errors import LabError
from slackwater.lab import Lab, LabHost
from slackwater.lab.cloud import Endpoint
from slackwater.lab.cloud.errors import AwsError
from slackwater.lab.cloud.spot import NOTICE
from slackwater.lab.load import Load, Result, Running, running
from slackwater.lab.load._result import Answered

PAUSE = 0.1
LIMIT = 900.0
"""Seconds for one thing that is waited for: on a busy machine an instance boots for minutes, but not for ever."""
IN_SERVICE = "InService"
CRASHED = "Crashed"
"""No lifecycle state of AWS: what the group says of a dead machine until it lets it go."""


@contextmanager
def done(what_not: str) -> Iterator[None]:
    """LabError, which a report can tell, where the lab's cloud refuses; the sentence begins with `what_not`."""
    try:
        yield
    except AwsError as error:
        raise LabError(f"{what_not}: {error}") from error


class Hosts(Protocol):
    """Of the cloud's machines."""

    def host(self, instance: str) -> LabHost:
        """Raises LabError for one that is not there (yet)."""


@dataclass
class Stage:
    """`size` is the group's desired one."""

    lab: Lab
    cloud: Endpoint
    machines: Hosts
    operator: Operator
    say: Callable[[str], None]
    size: int
    smallest: int
    largest: int
    step: int
    releases: int = 1
    people: Running | None = None
    phases: list[Phase] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    watch: list[BaseException] = field(default_factory=list)
    """What the watch of the timeline ended with, as `watching` gives it."""

    def __post_init__(self) -> None:
        self.ledgers = Ledgers(self._files)
        self.timeline = Timeline(self.shown, self._counts, self._hear)
        self._crashed: set[str] = set()
        self._names: dict[str, str] = {}
        self.addresses: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://{self.lab.host('balancer-1').address}/"

    @property
    def result(self) -> Result:
        """What became of the requests so far."""
        return self.people.result if self.people else Result()

    def tick(self) -> None:
        self.timeline.tick()
        self.ledgers.look()

    @property
    def blind(self) -> str:
        """Why nobody looks any more; "" while somebody does."""
        return f"nobody watches the timeline any more: {self.watch[0]!r}" if self.watch else ""

    def states(self) -> dict[str, str]:
        return self.cloud.cloud.members(GROUP)

    def crash(self, instance: str) -> None:
        """Its plug is pulled; the group says for a while that it is in service."""
        with done(f"{instance} could not be crashed"):
            self.cloud.cloud.crash(instance)
        self._crashed.add(instance)

    def interrupt(self, instance: str, seconds: float = NOTICE) -> None:
        """AWS takes it back: the notice now, the end after so many seconds."""
        with done(f"{instance} could not be taken back"):
            self.cloud.cloud.interrupt(instance, seconds=seconds)

    def shown(self) -> dict[str, str]:
        """The states as whoever looks on knows them."""
        return {one: CRASHED if one in self._crashed else state for one, state in self.states().items()}

    def serving(self) -> list[str]:
        return [instance for instance, state in self.states().items() if state == IN_SERVICE]

    def host(self, instance: str) -> LabHost:
        return self.machines.host(instance)

    def name(self, instance: str) -> str:
        """The host's name, also of one that is gone; "" before it has a host."""
        if instance not in self._names and (host := self._found(instance)):
            self._names[instance] = self.addresses[host.address] = host.name
        return self._names.get(instance, "")

    def answered(self, instance: str) -> Answered:
        """What it has answered people so far."""
        return self.result.instances.get(self.name(instance), Answered())

    def forget(self, instance: str) -> None:
        """One that is gone: its host's name may be another's one day."""
        self.result.instances.pop(self.name(instance), None)

    def wait(self, condition: Callable[[], bool], what: str, limit: float = LIMIT) -> None:
        """LabError, with the states, when that takes too long."""
        deadline = time.monotonic() + limit
        while not condition():
            if self.watch:
                raise LabError(self.blind) from self.watch[0]
            if time.monotonic() > deadline:
                raise LabError(f"not within {limit:g} s: {what}; the instances are {self.states()}")
            time.sleep(PAUSE)

    def settle(self) -> None:
        """The group has its size again, everyone serves and is in the timeline, and everyone has answered people."""
        self.wait(self._has_settled, f"{self.size} instances in service, and none besides")
        if self.people:
            self.wait(lambda: all(self.answered(one).count for one in self.states()), "an answer from each instance")

    def is_warm(self) -> bool:
        """A step policy reckons without instances that were launched a moment ago: it would ask for too few."""
        began = [span.began for span in self.timeline.spans if span.state == IN_SERVICE and span.ended is None]
        return max(began, default=0.0) + WARM_UP < self.timeline.now

    @contextmanager
    def phase(self, name: str, launches: int = 0) -> Iterator[Phase]:
        """One scenario's time; more launches than it plans are a fault, for nobody asked for them."""
        before, seen, began = self._snapshot(), len(self.timeline.seen()), self.timeline.now
        phase = Phase(name, began)
        self.phases.append(phase)
        self.say(f"{name} ...")
        try:
            yield phase
        finally:
            phase.close(self.timeline.now, before, self._snapshot())
        if (surplus := len(self.timeline.seen()) - seen - launches) > 0:
            self.faults.append(f"{name}: {surplus} launches that nobody planned")
        self.say(f"{name}: {phase.seconds:.1f} s{phase.words}")

    @contextmanager
    def visited(self, load: Load) -> Iterator[None]:
        """People come, until the block ends and their last answers are there."""
        with running(load) as self.people:
            yield
            self.people.stop()

    def _has_settled(self) -> bool:
        there = self.states()
        return list(there.values()) == [IN_SERVICE] * self.size and there.keys() <= set(self.timeline.seen())

    def _found(self, instance: str) -> LabHost | None:
        try:
            return self.host(instance)
        except LabError:
            return None

    def _files(self) -> dict[str, Path]:
        hosts = {instance: self._found(instance) for instance in self.states()}
        return {instance: on_disk(host) for instance, host in hosts.items() if host}

    def _counts(self) -> tuple[int, int]:
        return sum(self.result.sent.values()), sum(self.result.lost.values())

    def _snapshot(self) -> tuple[int, dict[str, int], int]:
        result = self.result
        return sum(result.sent.values()), dict(result.lost), result.websockets.cut

    def _hear(self, instance: str, state: str) -> None:
        self.say(f"{self.name(instance) or instance}: {state}")
