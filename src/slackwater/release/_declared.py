"""What an inventory declares to be released: the app, the store, the fleet."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from slackwater.errors import SettingsError
from slackwater.release._releases import Releases, open_releases
from slackwater.settings import App, Store, resolve

if TYPE_CHECKING:
    from slackwater.lint.fleet import Fleet, Host
    from slackwater.lint.loading import Declaration

T = TypeVar("T")


@dataclass(frozen=True)
class Declared:
    """`fleet` names the hosts that share one proved release; relative paths of the settings start from `project`."""

    app: App
    store: Store
    fleet: str
    project: Path
    declaration: Declaration

    def releases(self) -> Releases:
        return open_releases(self.store, self.project)


def declared(inventory: str, group_data: Sequence[str], data: Sequence[str], project: Path) -> Declared:
    """Reads and checks the whole declaration; `data` are KEY=VALUE, as with pyinfra. No host is touched.

    Raises SettingsError with every fault of it, and click's UsageError when there is no such inventory.
    """
    from slackwater.lint import inspect
    from slackwater.lint.loading import load
    from slackwater.lint.words import told

    declaration = told(inventory, group_data, data, project)
    if faults := inspect(declaration).faults:
        raise SettingsError("\n".join(fault.message for fault in faults))
    return _of_fleet(load(declaration)[0], declaration)


def _of_fleet(fleet: Fleet, declaration: Declaration) -> Declared:
    told = [resolve(dict(host.data), project=fleet.project) for host in _running(fleet)]
    if not told:
        raise SettingsError(f"{fleet.inventory} has no hosts in the groups app and worker: there is nothing to release")
    apps = [each.require_app() for each in told]
    app = _only(fleet, "app", ((_released(each), each.name, each) for each in apps))
    store = _only(fleet, "store", ((each.store.location, each.store.location, each.store) for each in told))
    name = _only(fleet, "fleet", ((each.fleet, each.fleet, each.fleet) for each in told))
    return Declared(app, store, name, fleet.project, declaration)


def _running(fleet: Fleet) -> list[Host]:
    """Those that answer requests and those that carry out tasks, from one release; the latter where they have an app.

    A worker host whose settings lint has refused is told already.
    """
    workers = [host for host in fleet.running("worker") if "app" not in host.groups and host.worker]
    return [*fleet.running("app"), *workers]


def _only(fleet: Fleet, what: str, values: Iterable[tuple[Hashable, str, T]]) -> T:
    """Each value comes with what must be equal among all, and as it is shown."""
    different = {key: (shown, value) for key, shown, value in values}
    if len(different) > 1:
        names = ", ".join(dict.fromkeys(shown for shown, _ in different.values()))
        raise SettingsError(
            f"{fleet.inventory}: its hosts differ in `{what}` ({names}), "
            "and a release is for one: give each an inventory of its own"
        )
    return next(iter(different.values()))[1]


def _released(app: App) -> Hashable:
    """What a release is made of."""
    return repr((app.name, app.source, app.entrypoint, app.interface, app.python))
