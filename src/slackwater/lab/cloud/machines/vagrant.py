"""Instances as VMs of a Vagrant fleet: a pool that runs already; each is made anew when its instance has ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from slackwater.errors import LabError
from slackwater.inventory.vagrant_command import running
from slackwater.inventory.vagrant_fleet import INSTANCE, read
from slackwater.lab.cloud.machines.machine import Power
from slackwater.lab.cloud.machines.orders import Orders
from slackwater.lab.cloud.machines.vm import PooledVm
from slackwater.lab.metadata import Instance, listening, serving
from slackwater.lab.metadata.service import Find

log = logging.getLogger("slackwater.lab.cloud")

SSH = 22
LOOK = 5.0
"""Seconds between two looks whether a VM went off by itself."""


@dataclass
class Place:
    """A VM, and whose it is."""

    vm: PooledVm
    orders: Orders
    instance: str = ""
    is_fresh: bool = True


class VagrantMachines:
    """The VMs of the group `instance` in the fleet.yml of `place`, all of which must be up.

    One that an earlier cloud has used is made anew first. `knock` is the port at which those that are up answer. Raises
    LabError where there is none, or one is not up.
    """

    can_be_asked = True

    def __init__(self, place: Path, knock: int = SSH) -> None:
        self._knock = knock
        self._places = [Place(vm, Orders(vm.name)) for vm in pool(place)]
        self._metadata = 0
        for each in self._places:
            if each.vm.is_used:
                self._reset(each)

    @property
    def address(self) -> str:
        """This machine's in the VMs' network: the first, for every provider."""
        return f"{self._places[0].vm.address.rpartition('.')[0]}.1"

    def has_room(self, count: int = 1) -> bool:
        return len(list(self._free())) >= count

    @contextmanager
    def serving(self, find: Find) -> Iterator[None]:
        ended = threading.Event()
        look = threading.Thread(target=self._look, args=(ended,), daemon=True)
        with serving(listening(self.address), find) as service:
            self._metadata = service.socket.getsockname()[1]
            look.start()
            try:
                yield
            finally:
                ended.set()
                look.join()

    def start(self, instance: Instance, up: Callable[[], None]) -> None:
        if place := self._place(instance.id):
            begin = place.vm.start
        else:
            place = next(self._free())
            place.instance, place.is_fresh = instance.id, False
            begin = partial(place.vm.take, instance, (self.address, self._metadata))
        instance.address = place.vm.address
        place.orders.on(begin, up)

    def stop(self, id: str) -> None:  # noqa: A002 - EC2's own word
        if place := self._place(id):
            place.orders.off(place.vm.stop)

    def crash(self, id: str) -> None:  # noqa: A002
        if place := self._place(id):
            place.orders.off(place.vm.crash)

    def remove(self, id: str) -> None:  # noqa: A002
        if place := self._place(id):
            place.orders.off(place.vm.stop)
            place.instance = ""
            self._reset(place)

    def is_on(self, id: str) -> bool:  # noqa: A002
        place = self._place(id)
        return place is not None and place.orders.power is not Power.OFF

    def close(self) -> None:
        """Waits for what has begun; VMs that are instances stay so until the pool is cleared."""
        for place in self._places:
            place.orders.end(drop=True)

    def _free(self) -> Iterator[Place]:
        return (place for place in self._places if place.is_fresh and not place.instance)

    def _place(self, instance: str) -> Place | None:
        return next((place for place in self._places if place.instance == instance), None)

    def _reset(self, place: Place) -> None:
        place.is_fresh = False
        place.orders.give(lambda: self._make_anew(place))

    def _make_anew(self, place: Place) -> None:
        place.vm.reset()
        place.is_fresh = True

    def _look(self, ended: threading.Event) -> None:
        """EC2 finds out that a machine has gone off by itself."""
        while not ended.wait(LOOK):
            for place in self._places:
                standing = place.orders.standing
                if standing.power is Power.ON and not _is_on(place.vm, self._knock):
                    place.orders.found(Power.OFF, where=standing)


def pool(place: Path) -> list[PooledVm]:
    """LabError where there is none, or one that is not up and need not be made anew."""
    vms = _vms(place)
    if not vms:
        raise LabError(
            f"no VM of {place} can be an instance: set groups.{INSTANCE}.count in its fleet.yml, `vagrant up`"
        )
    up = running(place)
    if off := [vm.name for vm in vms if vm.name not in up and not vm.is_used]:
        raise LabError(f"of {place} {', '.join(off)} {'are' if off[1:] else 'is'} not up: `vagrant up {' '.join(off)}`")
    return vms


def clear(place: Path) -> None:
    """Each VM that was an instance is made anew, whichever cloud it was one of."""
    used = [vm for vm in _vms(place) if vm.is_used]
    with ThreadPoolExecutor(len(used) or 1) as workers:
        list(workers.map(PooledVm.reset, used))


def _vms(place: Path) -> list[PooledVm]:
    return [PooledVm(place, vm) for vm in read(place) if vm.group == INSTANCE]


def _is_on(vm: PooledVm, knock: int) -> bool:
    """One that cannot be asked is taken for one that is; whatever the reason, others are looked at all the same."""
    try:
        return vm.is_on(knock)
    except Exception as error:
        log.warning("%s: %s", vm.name, error)
        return True
