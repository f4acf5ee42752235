"""A lab: a fleet of hosts that is brought up, grown and taken down as one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from slackwater.errors import LabError
from slackwater.lab import egress_process, image, network
from slackwater.lab.addressing import INSTANCE, Network, check_lab_name
from slackwater.lab.host import HostState, LabHost
from slackwater.lab.identity import (
    KEY,
    KNOWN_HOSTS,
    PROXY_PORT,
    hosts_file,
    known_hosts,
    make_key,
    make_seed,
    write_whole,
)
from slackwater.lab.locks import locked, locked_if_free
from slackwater.lab.places import PLACES, Places
from slackwater.lab.power import make_disk
from slackwater.lab.preflight import check_machine, check_rights
from slackwater.lab.progress import SILENT, Progress
from slackwater.lab.records import HostRecord, LabRecord, allot, images_in_use, load, save
from slackwater.lab.remains import clear, remains
from slackwater.lab.wishes import Wishes, planned


@dataclass(frozen=True)
class Lab:
    """The lab of that name, whether it exists yet or not."""

    name: str = "local"
    places: Places = PLACES

    def __post_init__(self) -> None:
        check_lab_name(self.name)

    @property
    def directory(self) -> Path:
        return self.places.labs / self.name

    def exists(self) -> bool:
        return bool(remains(self.name, self.directory))

    def hosts(self) -> list[LabHost]:
        """Raises LabError when there is no such lab, and where root's rights are missing to look."""
        check_rights()
        record = load(self.directory)
        if record is None or not record.hosts:
            raise LabError(f"There is no lab {self.name!r}: `slackwater lab up --name {self.name}` makes one")
        return self._hosts(record)

    def host(self, name: str) -> LabHost:
        hosts = {host.name: host for host in self.hosts()}
        if name not in hosts:
            raise LabError(f"Lab {self.name!r} has no host {name!r}: it has {', '.join(hosts)}")
        return hosts[name]

    def connect(self, progress: Progress = SILENT) -> Network:
        """Makes the lab's network and its way out, and no host."""
        check_machine()
        with locked(self._lock):
            record = allot(self.places.labs, self.name, network.routes())
            self._connect(record, progress)
        return Network(record.name, record.number)

    def has_hosts(self) -> bool:
        record = load(self.directory)
        return bool(record and record.hosts)

    def cloud_image(self, suite: str, progress: Progress = SILENT) -> str:
        """The name of the image that instances of the lab's cloud boot from; made where it is missing."""
        check_machine()
        images = self.places.images
        with locked(self._images_lock):
            name = image.ensure_cloud(images, suite, progress)
            image.remove_outdated(images, [name], images_in_use(self.places.labs))
        return name

    def instances(self) -> list[LabHost]:
        """The hosts that the lab's cloud made; none where there is no lab."""
        record = load(self.directory)
        return self._hosts(replace(record, hosts=tuple(record.instances()))) if record else []

    def add(self, host: HostRecord) -> LabHost:
        """One more host, furnished and known to the others; it is off."""
        with locked(self._lock):
            record = load(self.directory)
            if record is None:
                raise LabError(f"There is no lab {self.name!r} that {host.name} could be added to")
            record = replace(record, hosts=(*record.hosts, host))
            save(self.directory, record)
            hosts = self._hosts(record)
            self._furnish(hosts[-1])
            self._introduce(hosts)
        return hosts[-1]

    def up(self, wishes: Wishes | None = None, progress: Progress = SILENT) -> None:
        """Makes what is missing, starts what is off, and returns when every host has booted."""
        check_machine()
        with locked(self._lock):
            record = self._settle(wishes or Wishes(), progress)
            self._connect(record, progress)
            self._populate(record, progress)

    def down(self) -> bool:
        """Removes all of the lab; False if there was nothing. Raises LabError that names what would not go."""
        check_machine()
        with locked(self._lock):
            was_there = self.exists()
            left = clear(self.name, self.directory)
            with locked_if_free(self._images_lock) as free:
                if free:
                    image.remove_begun(self.places.images)
            self._lock.unlink()
        if left:
            raise LabError(f"Lab {self.name!r} is not wholly gone. Left: {', '.join(left)}")
        return was_there

    def remove(self, names: Sequence[str], progress: Progress = SILENT) -> None:
        """Takes hosts out of the lab for good, disks included; the others forget their names."""
        check_machine()
        with locked(self._lock):
            gone = [self.host(name) for name in names]
            record = load(self.directory) or LabRecord(self.name, 0)
            for host in gone:
                _discard(host)
                progress.say(f"{host.name}: removed")
            record = replace(record, hosts=tuple(host for host in record.hosts if host.name not in names))
            save(self.directory, record)
            self._introduce(self._hosts(record))

    @property
    def _lock(self) -> Path:
        return self.places.labs / f".{self.name}.lock"

    @property
    def _images_lock(self) -> Path:
        return self.places.images / ".lock"

    def _hosts(self, record: LabRecord) -> list[LabHost]:
        lan = Network(record.name, record.number)
        return [LabHost(host, lan, self.places) for host in record.hosts]

    def _settle(self, wishes: Wishes, progress: Progress) -> LabRecord:
        """Everything that can be wrong with the wishes is said before anything is made; then it is written down."""
        planned(load(self.directory) or LabRecord(self.name, 0), wishes, lambda suite: suite)
        images = self.places.images
        with locked(self._images_lock):
            record = allot(self.places.labs, self.name, network.routes())
            made: dict[str, str] = {}
            record = planned(record, wishes, lambda suite: _once(made, images, suite, progress))
            save(self.directory, record)
            for outdated in image.remove_outdated(images, list(made.values()), images_in_use(self.places.labs)):
                progress.say(f"image {outdated}: removed, it is outdated and no lab uses it")
        return record

    def _connect(self, record: LabRecord, progress: Progress) -> None:
        lan = Network(record.name, record.number)
        make_key(self.directory / KEY, f"slackwater-lab-{self.name}")
        if not network.fabric_is_built(lan):
            with progress.step(f"network {lan.subnet}"):
                network.build_fabric(lan)
        if egress_process.ensure(lan, self.directory, self.places.packages):
            progress.say(f"proxy for packages: {lan.machine_side}:{PROXY_PORT}")

    def _populate(self, record: LabRecord, progress: Progress) -> None:
        everyone = self._hosts(record)
        hosts = [host for host in everyone if host.group != INSTANCE]
        off = [host for host in hosts if not _is_in_order(host)]
        for host in hosts:
            self._furnish(host)
            if host not in off and host.state() is not HostState.RUNNING:
                host.network("on")
        self._introduce(everyone)
        if not off:
            progress.say(f"nothing to do: all {len(hosts)} hosts of lab {self.name!r} are on")
        self._boot(off, progress)
        _together([host.wait_until_ready for host in hosts])

    def _boot(self, off: list[LabHost], progress: Progress) -> None:
        if not off:
            return
        with progress.step(f"{len(off)} hosts from power to ssh"):
            for host in off:
                progress.say(f"{host.name}: power on, {host.suite}, {host.address}")
            _together([partial(_power_on, host) for host in off])
            _together([host.wait_for_ssh for host in off])
        with progress.step(f"{len(off)} hosts to the end of their boot"):
            _together([host.wait_until_ready for host in off])

    def _furnish(self, host: LabHost) -> None:
        host.directory.mkdir(parents=True, exist_ok=True)
        make_seed(host.directory, host.lan, host.name, self.directory / KEY)
        if host.record.disk:
            make_disk(host.directory, host.record.disk)

    def _introduce(self, hosts: list[LabHost]) -> None:
        """Everyone's /etc/hosts and the lab's known_hosts; hosts that are on hear of a change at once."""
        names = [host.name for host in hosts]
        if hosts:
            known = known_hosts(hosts[0].lan, [host.directory for host in hosts])
            write_whole(self.directory / KNOWN_HOSTS, known)
        _together([partial(_tell, host, hosts_file(host.lan, host.name, names)) for host in hosts])


def _is_in_order(host: LabHost) -> bool:
    return host.power.is_on() and network.is_plugged(host.lan, host.name)


def _power_on(host: LabHost) -> None:
    """A host whose cable is gone is cut from power first: it is plugged in anew while it is off."""
    if not network.is_plugged(host.lan, host.name):
        host.power_cut()
    host.start()


def _tell(host: LabHost, text: str) -> None:
    """The copy beside the disk is what the host boots with; it is written last, so that a killed `up` tells again."""
    file = host.directory / "hosts"
    if file.exists() and file.read_text() == text:
        return
    if host.state() is HostState.RUNNING:
        host.ssh("cat > /etc/hosts", input=text)
    write_whole(file, text)


def _discard(host: LabHost) -> None:
    host.power_cut()
    network.unplug(host.lan, host.name)
    if not host.power.cgroup.remove():
        raise LabError(f"{host.name}: its cgroup {host.power.cgroup.path} cannot be removed")
    shutil.rmtree(host.directory, ignore_errors=True)


def _once(made: dict[str, str], images: Path, suite: str, progress: Progress) -> str:
    if suite not in made:
        made[suite] = image.ensure(images, suite, progress)
    return made[suite]


def _together(jobs: Sequence[Callable[[], None]]) -> None:
    """All at once, within our locks; every job comes to its end before the first error is raised."""
    with ThreadPoolExecutor(max(len(jobs), 1)) as pool:
        waiting = [pool.submit(copy_context().run, job) for job in jobs]
    for job in waiting:
        job.result()
