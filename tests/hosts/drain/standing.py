"""Instances of a cloud that are hosts which stand already: converged once, wiped for whoever comes next."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from slackwater.lab import Lab, LabHost
from slackwater.lab.launches.disk import upper
from slackwater.lab.metadata import Instance, Service, in_lab, serving
from slackwater.lab.metadata.service import Find

GOODBYE = 8.0
"""Seconds between an instance's `poweroff` and the plug."""
NOTICED = 8.0
"""Seconds until a balancer has given up a machine whose plug was pulled, and its connections; the next one gets its
address, and on EC2 would not get it, or boot, so soon."""
LAST = "/root/leave.last.json"
"""What the instance before has written of its leave."""
LEAVE, WISHES = "var/lib/slackwater/drain/leave.json", "var/lib/slackwater/drain.wish"


@dataclass
class Place:
    """A host that is an instance, or waits to be the next one; what it is ordered is done one after the other."""

    host: LabHost
    instance: str = ""
    is_wanted: bool = False
    is_coming: bool = False
    worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))


class Standing:
    """Machines of the lab's cloud, as `LabMachines`: ends them as EC2 does, and boots them from the disk they have."""

    can_be_asked = True

    def __init__(self, lab: Lab, names: Sequence[str]) -> None:
        self.network = lab.connect()
        self.places = [Place(lab.host(name)) for name in names]
        self.metadata: Service
        self.orders: list[Future[None]] = []

    @property
    def address(self) -> str:
        return self.network.machine_side

    def has_room(self, count: int = 1) -> bool:
        return sum(not place.instance for place in self.places) >= count

    @contextmanager
    def serving(self, find: Find) -> Iterator[None]:
        with serving(in_lab(self.network), find) as self.metadata:
            yield

    def start(self, instance: Instance, up: Callable[[], None]) -> None:
        place = next(place for place in self.places if not place.instance)
        place.instance, place.is_wanted, place.is_coming = instance.id, True, True
        instance.address = place.host.address
        self._order(place, lambda: self._boot(place, up))

    def stop(self, id: str) -> None:  # noqa: A002 - EC2's own word
        self._off(id, lambda place: place.host.shut_down(GOODBYE))

    def crash(self, id: str) -> None:  # noqa: A002
        self._off(id, lambda place: place.host.power_cut())

    def remove(self, id: str) -> None:  # noqa: A002
        self._off(id, self._discard)

    def is_on(self, id: str) -> bool:  # noqa: A002
        return any(each.is_wanted and (each.is_coming or each.host.power.is_on()) for each in self._all(id))

    def close(self) -> None:
        for place in self.places:
            place.worker.shutdown()

    def host(self, instance: str) -> LabHost:
        return next(place.host for place in self._all(instance))

    def instance(self, name: str) -> str:
        """Which instance the host of that name is now; empty while it is none."""
        return next(place.instance for place in self.places if place.host.name == name)

    def _all(self, instance: str) -> list[Place]:
        return [place for place in self.places if place.instance == instance]

    def _off(self, instance: str, how: Callable[[Place], None]) -> None:
        for place in self._all(instance):
            place.is_wanted = False
            self._order(place, lambda place=place: how(place))  # type: ignore[misc]

    def _boot(self, place: Place, up: Callable[[], None]) -> None:
        if not place.host.power.is_on():
            wipe(upper(place.host))
        place.host.start()
        place.host.wait_until_ready()
        place.is_coming = False
        up()

    def _discard(self, place: Place) -> None:
        begun = time.monotonic()
        place.host.shut_down(GOODBYE)
        if time.monotonic() - begun >= GOODBYE:
            time.sleep(NOTICED)
        place.instance = ""

    def _order(self, place: Place, order: Callable[[], None]) -> None:
        self.orders.append(place.worker.submit(order))


def wipe(disk: Path) -> None:
    """An instance is new: no leave, no wish. Code, settings and the app stay, as an image would have them.

    While it is off: an agent that boots with the leave of another instance goes on with it at once.
    """
    leave, last = disk / LEAVE, disk / LAST.lstrip("/")
    last.unlink(missing_ok=True)
    if leave.exists() and leave.stat().st_size:
        shutil.copyfile(leave, last)
    for file in (leave, *(disk / WISHES).glob("*")):
        file.unlink(missing_ok=True)
