"""Fleet: who is there and what each host is told, as plain values for the checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slackwater.settings import App, Balancer, Drain, Fault, Logs, ScalingGroup, Server, Store, Worker
from slackwater.settings._base import shown
from slackwater.settings.host import RESERVED, type_faults

APP, BALANCER, CLOUD, WORKER, CACHE = "app", "balancer", "cloud", "worker", "cache"
INSTANCE = "slackwater_instance"
"""The name in a host's data that says: this is an instance which provisions itself from its bundle."""


@dataclass(frozen=True)
class Place:
    """Where a name of the group data is assigned; no file when it comes from the command line.

    `host` is set when it is the inventory's own word on that host, which beats every file of group data.
    """

    file: str | None = None
    line: int | None = None
    host: str | None = None


@dataclass(frozen=True)
class Host:
    """`data` holds what pyinfra would give as host.data; `offers` every group's own value of `app`, weakest first."""

    name: str
    groups: tuple[str, ...]
    data: Mapping[str, Any]
    offers: Mapping[str, Any]
    places: Mapping[str, Place]

    @property
    def app(self) -> App | None:
        """None too for one that had faults: they are told already."""
        app = self.data.get("app")
        return app if isinstance(app, App) and app.is_sound else None

    @property
    def server(self) -> Server:
        server = (self.app and self.app.server) or self.data.get("server")
        return server if isinstance(server, Server) else Server()

    @property
    def balancer(self) -> Balancer:
        balancer = self.data.get("balancer")
        return balancer if isinstance(balancer, Balancer) else Balancer()

    @property
    def drain(self) -> Drain:
        drain = self.data.get("drain")
        return drain if isinstance(drain, Drain) else Drain()

    @property
    def logs(self) -> Logs:
        logs = self.data.get("logs")
        return logs if isinstance(logs, Logs) else Logs()

    @property
    def worker(self) -> Worker | None:
        """None too for one that had faults."""
        worker = self.data.get("worker")
        return worker if isinstance(worker, Worker) and worker.is_sound else None

    @property
    def store(self) -> Store | None:
        store = self.data.get("store")
        return store if isinstance(store, Store) else None

    @property
    def environment(self) -> str:
        return str(self.data.get("environment", "production"))

    @property
    def scaling_group(self) -> ScalingGroup | None:
        """None too for one that had faults."""
        group = self.data.get("scaling_group")
        return group if isinstance(group, ScalingGroup) and group.is_sound else None

    def read(self) -> Iterator[object]:
        """What the host's settings are made of."""
        yield from (self.data.get(name) for name in RESERVED)
        yield getattr(self.data.get("app"), "server", None)

    def type_faults(self) -> Iterator[Fault]:
        yield from type_faults(dict(self.data))

    def fault(self, name: str, value: object, allowed: str) -> Fault:
        """A fault of a reserved name, at the line that assigns it."""
        place = self.places.get(name, Place())
        field = f"{place.host}.{name}" if place.host else name
        return Fault(place.file, place.line, field, None if value is None else shown((), value), allowed)

    def is_told_alone(self, name: str) -> bool:
        """Whether the inventory says it of this host, and no group's data."""
        return self.places.get(name, Place()).host is not None


@dataclass(frozen=True)
class Fleet:
    """`is_whole` is False when a file could not be read: what seems missing may stand in that file.

    `instances` has one host for each scaling group, told what every instance of it will be told.
    """

    inventory: str
    project: Path
    hosts: tuple[Host, ...]
    is_whole: bool
    instances: tuple[Host, ...] = ()

    def of(self, group: str) -> list[Host]:
        return [host for host in self.hosts if group in host.groups]

    @property
    def is_instance(self) -> bool:
        """It has no source: an instance fetches the release that was proved."""
        return any(host.data.get(INSTANCE) for host in self.hosts)

    def running(self, group: str) -> list[Host]:
        """Those of the inventory, and those that will put themselves into the group."""
        return [host for host in (*self.hosts, *self.instances) if group in host.groups]

    def apps(self) -> list[App]:
        """Each once, however many hosts run it."""
        return list({id(host.app): host.app for host in (*self.hosts, *self.instances) if host.app}.values())
