"""HostSettings: what one host is told, from the reserved names of its group data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast, get_args

from slackwater.errors import SettingsError
from slackwater.settings import environment_file
from slackwater.settings._base import Settings, shown
from slackwater.settings._faults import Fault
from slackwater.settings.app import App
from slackwater.settings.balancer import Balancer
from slackwater.settings.cache import Cache
from slackwater.settings.connection import Ssh
from slackwater.settings.drain import Drain
from slackwater.settings.logs import Logs
from slackwater.settings.members import HEAVIEST, USUAL_WEIGHT, is_address
from slackwater.settings.scaling import ScalingGroup
from slackwater.settings.server import Server
from slackwater.settings.sizing import Environment
from slackwater.settings.store import Store
from slackwater.settings.worker import Worker

RESERVED: dict[str, type[Settings]] = {
    "app": App,
    "server": Server,
    "balancer": Balancer,
    "logs": Logs,
    "connection": Ssh,
    "store": Store,
    "drain": Drain,
    "scaling_group": ScalingGroup,
    "worker": Worker,
    "cache": Cache,
}
OF_THE_APP = ("app", "server", "env_file")
"""What worker hosts are told by the group app: they run the same release with the same variables."""
DEFAULT_STORE = ".slackwater/store"
FLEET = r"[A-Za-z0-9]([._-]?[A-Za-z0-9]){0,39}"
FLEET_ALLOWED = "must be a name such as 'production': up to 40 letters and digits, with single '.', '_' or '-' between"


class Data(Protocol):
    """A dictionary, or pyinfra's `host.data`."""

    def get(self, key: str, /, default: Any = None) -> Any: ...


@dataclass(frozen=True)
class WithApp:
    """A worker host's data: what it is not told itself of the app is what the group app is told."""

    own: Data
    app: Mapping[str, Any]

    def get(self, key: str, /, default: Any = None) -> Any:
        value = self.own.get(key)
        if value is None and key in OF_THE_APP:
            value = self.app.get(key)
        return default if value is None else value


@dataclass(frozen=True)
class HostSettings:
    """`env` is the app's environment with the values of `env_file` over it, without its secrets.

    `fleet` names the hosts that share one proved release; it is the environment's name unless told. `weight` and
    `backup` are an app host's, for balancers that learn it from the inventory.
    """

    app: App | None
    server: Server
    balancer: Balancer
    logs: Logs
    store: Store
    environment: Environment
    fleet: str
    env: dict[str, str]
    drain: Drain = field(default_factory=Drain)
    scaling_group: ScalingGroup | None = None
    weight: int = USUAL_WEIGHT
    backup: bool = False
    worker: Worker | None = None
    cache: Cache | None = None

    def require_app(self) -> App:
        if self.app is None:
            raise SettingsError("app is missing: a host of the group app needs `app = App(…)` in its group data")
        return self.app

    def require_cache(self) -> Cache:
        if self.cache is None:
            raise SettingsError(
                "cache is missing: a host of the group cache needs `cache = Cache(…)` in its group data"
            )
        return self.cache

    def require_worker(self) -> Worker:
        if self.worker is None:
            raise SettingsError(
                "worker is missing: a host of the group worker needs `worker = Worker(…)` in its group data"
            )
        return self.worker


def resolve(data: Data, *, project: Path | None = None) -> HostSettings:
    """`project` is where `env_file` is looked for; the working directory unless told. Raises SettingsError."""
    faults = list(type_faults(data))
    values, file_faults = _env_file(data, project or Path.cwd()) if not faults else ({}, [])
    faults += file_faults
    if faults:
        raise SettingsError("\n".join(fault.message for fault in faults))
    return _resolved(data, values)


def type_faults(data: Data) -> Iterator[Fault]:
    """Reserved names that hold something of another type."""
    for name, kind in RESERVED.items():
        value = data.get(name)
        if value is not None and not isinstance(value, kind):
            yield Fault(None, None, name, shown((), value), f"must be {kind.__name__}(…)")
    known = get_args(Environment)
    environment, env_file = data.get("environment", "production"), data.get("env_file")
    if environment not in known:
        yield Fault(None, None, "environment", shown((), environment), f"must be one of {', '.join(map(repr, known))}")
    fleet = data.get("fleet", environment)
    if environment in known and not (isinstance(fleet, str) and re.fullmatch(FLEET, fleet)):
        yield Fault(None, None, "fleet", shown((), fleet), FLEET_ALLOWED)
    address = data.get("balancer_address")
    if address is not None and not (isinstance(address, str) and is_address(address)):
        yield Fault(None, None, "balancer_address", shown((), address), "must be an IP address, or None")
    if not isinstance(env_file, str | None):
        yield Fault(None, None, "env_file", shown((), env_file), "must be a path relative to the project, or None")
    yield from _share_faults(data.get("weight"), data.get("backup"))


def _share_faults(weight: object, backup: object) -> Iterator[Fault]:
    """True is a number to Python, and to nobody else."""
    whole = isinstance(weight, int) and not isinstance(weight, bool)
    if weight is not None and not (whole and 1 <= cast("int", weight) <= HEAVIEST):
        yield Fault(None, None, "weight", shown((), weight), f"must be a whole number from 1 to {HEAVIEST}, or None")
    if not isinstance(backup, bool | None):
        yield Fault(None, None, "backup", shown((), backup), "must be True or False, or None")


def _env_file(data: Data, project: Path) -> tuple[dict[str, str], list[Fault]]:
    file = data.get("env_file")
    return environment_file.read(project / file, file) if file else ({}, [])


_Setting = TypeVar("_Setting", bound=Settings)


def _resolved(data: Data, values: dict[str, str]) -> HostSettings:
    app = cast("App | None", data.get("app"))
    return HostSettings(
        app=app,
        server=(app and app.server) or data.get("server") or Server(),
        balancer=_balancer(data),
        logs=data.get("logs") or Logs(),
        store=data.get("store") or Store.directory(DEFAULT_STORE),
        environment=data.get("environment", "production"),
        fleet=data.get("fleet", data.get("environment", "production")),
        env={**(app.environment if app else {}), **values},
        drain=data.get("drain") or Drain(),
        scaling_group=cast("ScalingGroup | None", data.get("scaling_group")),
        weight=data.get("weight") or USUAL_WEIGHT,
        backup=data.get("backup") or False,
        worker=cast("Worker | None", data.get("worker")),
        cache=cast("Cache | None", data.get("cache")),
    )


def _balancer(data: Data) -> Balancer:
    """`balancer_address` is the inventory's word: an address belongs to a network, not to a group of every network."""
    told, address = data.get("balancer") or Balancer(), data.get("balancer_address")
    return told.model_copy(update={"address": address}) if address else told
