"""Instances as hosts of a lab: they boot with cloud-init and find their metadata at 169.254.169.254."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from slackwater.errors import LabError
from slackwater.lab.addressing import INSTANCE, Network, most
from slackwater.lab.cloud.machines.machine import Power
from slackwater.lab.cloud.machines.orders import Orders
from slackwater.lab.cloud.machines.remains import clear
from slackwater.lab.fleet import Lab
from slackwater.lab.host import LabHost
from slackwater.lab.image import SUITES
from slackwater.lab.metadata import Instance, in_lab, serving
from slackwater.lab.metadata.service import Asked, Find
from slackwater.lab.progress import SILENT, Progress
from slackwater.lab.records import HostRecord

ROOM = 16
"""Each host takes seven of the 128 inotify instances that root has; one too many boots without systemd."""
GOODBYE = 20.0
"""Seconds that an instance has between its `poweroff` and the plug; EC2 gives it some minutes."""


@dataclass
class Machine:
    """Whether one that is ON really runs is asked of the host."""

    record: HostRecord
    orders: Orders
    host: LabHost | None = None


class LabMachines:
    """Hosts of `lab`; `image` is what `Lab.cloud_image` gave. What an earlier cloud left there goes first.

    `furnish` is what is done to a new host before its first boot: an image of one's own is laid on its disk.
    `asked` is what instances asked their metadata service, as its own `asked`.
    """

    can_be_asked = True

    def __init__(self, lab: Lab, image: str, suite: str = SUITES[0]) -> None:
        self.lab, self.image, self.suite = lab, image, suite
        self.network: Network = lab.connect()
        self.asked: list[Asked] = []
        self.furnish: Callable[[LabHost], None] = _as_it_is
        self._machines: dict[str, Machine] = {}
        self._removed: list[Orders] = []
        self._number = 0
        clear(lab)

    @classmethod
    def prepared(cls, lab: Lab, suite: str = SUITES[0], progress: Progress = SILENT) -> LabMachines:
        """With the image, which takes half a minute the first time."""
        return cls(lab, lab.cloud_image(suite, progress), suite)

    @property
    def address(self) -> str:
        return self.network.machine_side

    def has_room(self, count: int = 1) -> bool:
        return len(self._machines) + count <= ROOM

    @contextmanager
    def serving(self, find: Find) -> Iterator[None]:
        with serving(in_lab(self.network), find) as service:
            self.asked = service.asked
            yield

    def start(self, instance: Instance, up: Callable[[], None]) -> None:
        if instance.id not in self._machines:
            record = self._record(instance.id)
            self._machines[instance.id] = Machine(record, Orders(f"{instance.id} ({record.name})"))
        machine = self._machines[instance.id]
        instance.address = self.network.address(machine.record.name)
        machine.orders.on(lambda: self._boot(machine), up)

    def stop(self, id: str) -> None:  # noqa: A002 - EC2's own word
        if machine := self._machines.get(id):
            machine.orders.off(lambda: _host(machine).shut_down(GOODBYE))

    def crash(self, id: str) -> None:  # noqa: A002
        if machine := self._machines.get(id):
            machine.orders.off(lambda: _host(machine).power_cut())

    def remove(self, id: str) -> None:  # noqa: A002
        if machine := self._machines.pop(id, None):
            machine.orders.off(lambda: self._discard(machine))
            machine.orders.end(wait=False)
            self._removed.append(machine.orders)

    def is_on(self, id: str) -> bool:  # noqa: A002
        machine = self._machines.get(id)
        if machine is None or machine.orders.power is Power.OFF:
            return False
        return machine.orders.power is Power.COMING or _host(machine).power.is_on()

    def close(self) -> None:
        """Waits for what was ordered; the hosts stay until `clear`."""
        for orders in [*self._removed, *(machine.orders for machine in self._machines.values())]:
            orders.end()

    def host(self, instance: str) -> LabHost:
        """Raises LabError for one that is not there."""
        machine = self._machines.get(instance)
        if machine is None or machine.host is None:
            raise LabError(f"instance {instance} has no host")
        return machine.host

    def _record(self, instance: str) -> HostRecord:
        """A name is used again as late as possible: whoever still knows its address would reach another instance."""
        taken = {machine.record.name for machine in self._machines.values()}
        while True:
            self._number = self._number % most(INSTANCE) + 1
            if (name := f"{INSTANCE}-{self._number}") not in taken:
                return HostRecord(name, self.suite, self.image, instance=instance)

    def _boot(self, machine: Machine) -> None:
        if machine.host is None:
            machine.host = self.lab.add(machine.record)
            self.furnish(machine.host)
        machine.host.start()

    def _discard(self, machine: Machine) -> None:
        if machine.host:
            machine.host.shut_down(GOODBYE)
            self.lab.remove([machine.record.name])


def _as_it_is(host: LabHost) -> None:
    """With the cloud's image alone."""


def _host(machine: Machine) -> LabHost:
    if machine.host is None:
        raise LabError(f"{machine.record.name} was never started")
    return machine.host
