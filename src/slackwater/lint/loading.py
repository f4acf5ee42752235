"""Reads inventory and group data with pyinfra's own code, past files that raise; no host is touched."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from traceback import extract_tb
from typing import Any

import click

from slackwater.errors import RolloutError
from slackwater.lint.fleet import APP, CLOUD, WORKER, Fleet, Host, Place
from slackwater.settings import Fault, collecting
from slackwater.settings.host import OF_THE_APP, RESERVED
from slackwater.settings.origin import parse

Inventory = Any  # pyinfra's own, whose methods carry no types

NAMES = (*RESERVED, "environment", "fleet", "env_file", "weight", "backup")
HOSTS_ALLOWED = "each group must be a list of host names or of (name, {data})"


@dataclass(frozen=True)
class Declaration:
    """What the command line names: an inventory, group data directories beside the usual ones, and data."""

    inventory: str
    group_data: tuple[str, ...]
    data: Mapping[str, Any]
    project: Path

    def absolute_inventory(self) -> str:
        """pyinfra remembers code by file name: a relative one would give another project's inventory."""
        file = self.project / self.inventory
        return str(file) if file.is_file() else self.inventory

    def folders(self) -> list[Path]:
        """In the order in which pyinfra reads them: a later one wins."""
        beside = (self.project / self.inventory).parent / "group_data"
        folders = [self.project / "group_data", beside, *(self.project / folder for folder in self.group_data)]
        return list(dict.fromkeys(folder.resolve() for folder in folders if folder.exists()))

    def files(self) -> list[str]:
        return [str(file) for folder in self.folders() for file in sorted(folder.glob("*.py"))]


def load(declaration: Declaration) -> tuple[Fleet, list[Fault]]:
    """The fleet without the files that could not be read, and the faults of all of them."""
    with _pyinfra(declaration.project), collecting() as faults:
        inventory, errors = _inventory(declaration)
    found = list(dict.fromkeys([*errors, *faults]))
    hosts = tuple(_hosts(inventory, declaration)) if inventory is not None else ()
    instances = tuple(_instance(host, inventory, declaration) for host in hosts if _scales(host))
    return Fleet(declaration.inventory, declaration.project, hosts, not errors, instances), found


def inventory_of(declaration: Declaration, **more: Any) -> Inventory:
    """pyinfra's own inventory of a declaration that has no faults; `more` is data for every host."""
    from pyinfra.api.exceptions import PyinfraError

    from slackwater.engine.connection import spread

    _forget()
    try:
        with _pyinfra(declaration.project):
            inventory = _make(replace(declaration, data={**declaration.data, **more}), set())
        spread(inventory, declaration.project)
        return inventory
    except (PyinfraError, click.ClickException, SyntaxError, TypeError, ValueError, LookupError) as error:
        raise RolloutError(f"{declaration.inventory} could not be read: {told_by(error)}") from error


def told_by(error: Exception) -> str:
    """pyinfra's wrapper of what a project's own file raises has no message of its own, only the exception."""
    found = getattr(error, "exception", None)
    if isinstance(found, Exception):
        return f"{type(found).__name__}: {found}"
    return error.format_message() if isinstance(error, click.ClickException) else str(error)


def _forget() -> None:
    """pyinfra remembers the code of files and the keys of hosts; both may have changed since they were read."""
    from pyinfra.connectors.sshuserclient import client
    from pyinfra_cli.util import PYTHON_CODES

    PYTHON_CODES.clear()
    client.get_host_keys.cache.clear()


def _inventory(declaration: Declaration) -> tuple[Inventory | None, list[Fault]]:
    """A file that raises is left out, and the rest read again, until what is left can be read."""
    faults: list[Fault] = []
    broken: set[str] = set()
    while True:
        inventory, fault = _attempt(declaration, broken)
        if fault is None:
            return inventory, faults
        faults.append(fault)
        file = str((declaration.project / (fault.file or "")).resolve())
        if file in broken or file not in declaration.files():
            return None, list(dict.fromkeys(faults))
        broken.add(file)


def _attempt(declaration: Declaration, broken: set[str]) -> tuple[Inventory | None, Fault | None]:
    from pyinfra.api.exceptions import PyinfraError
    from pyinfra_cli.exceptions import UnexpectedExternalError

    try:
        return _make(declaration, broken), None
    except SyntaxError as error:
        return None, Fault(_shown(error.filename, declaration), error.lineno, "", None, f"SyntaxError: {error.msg}")
    except UnexpectedExternalError as error:
        return None, _raised(error.exception, error.filename, declaration)
    except (PyinfraError, TypeError, ValueError, LookupError, AttributeError) as error:
        return None, Fault(declaration.inventory, None, "", None, f"{HOSTS_ALLOWED}; pyinfra says: {error}")


def _make(declaration: Declaration, broken: set[str]) -> Inventory:
    from pyinfra_cli.inventory import make_inventory

    file, data, project = declaration.absolute_inventory(), dict(declaration.data), str(declaration.project)
    if not broken:
        return make_inventory(file, data, project, list(declaration.group_data))
    readable = [name for name in declaration.files() if name not in broken]
    return make_inventory(file, data, None, readable)


def _raised(error: Exception, file: str, declaration: Declaration) -> Fault:
    lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == file]
    text = f"{type(error).__name__}: {error}"
    return Fault(_shown(file, declaration), lines[-1] if lines else None, "", None, text)


def _shown(file: str | None, declaration: Declaration) -> str:
    path = (declaration.project / (file or declaration.inventory)).resolve()
    return str(path.relative_to(declaration.project) if path.is_relative_to(declaration.project) else path)


@contextmanager
def _pyinfra(project: Path) -> Iterator[None]:
    """pyinfra's context as its own command sets it up; put back afterwards, also when a file raised."""
    from pyinfra import context
    from pyinfra.api import State

    contexts: tuple[Any, ...] = (context.ctx_state, context.ctx_inventory)
    before = [each.get() for each in contexts]
    contexts[0].set(before[0] or State())
    if str(project) not in sys.path:
        sys.path.append(str(project))
    try:
        yield
    finally:
        for each, module in zip(contexts, before, strict=True):
            each.set(module)


def _hosts(inventory: Inventory, declaration: Declaration) -> Iterator[Host]:
    for host in inventory:
        groups = tuple(dict.fromkeys(host.groups))
        offers = {group: inventory.get_group_data(group)["app"] for group in groups if _offers(inventory, group)}
        own = {name for name in inventory.get_host_data(host.name) if name not in declaration.data}
        alone = Place(declaration.inventory, host=host.name)
        places = {name: alone if name in own else _place(name, (*groups, "all"), declaration) for name in NAMES}
        yield Host(host.name, groups, {**_of_the_app(inventory, groups), **host.data.dict()}, offers, places)


def _of_the_app(inventory: Inventory, groups: Sequence[str]) -> dict[str, Any]:
    """What worker hosts take from the group app."""
    if WORKER not in groups or APP in groups:
        return {}
    return {name: value for name, value in inventory.get_group_data(APP).items() if name in OF_THE_APP}


def _scales(host: Host) -> bool:
    return CLOUD in host.groups and host.scaling_group is not None


def _instance(cloud: Host, inventory: Inventory, declaration: Declaration) -> Host:
    """What an instance of the group will be told, once it has put itself into its groups and those of its inventory."""
    asked = cloud.scaling_group.groups if cloud.scaling_group else ()
    groups = (*asked, *(group for group in cloud.groups if group not in (CLOUD, *asked)))
    own = {**inventory.get_data(), **inventory.get_groups_data(groups), **inventory.get_override_data()}
    data = {**_of_the_app(inventory, groups), **own}
    places = {name: _place(name, (*groups, "all"), declaration) for name in NAMES}
    return Host(f"an instance of {cloud.name}", groups, data, {}, places)


def _offers(inventory: Inventory, group: str) -> bool:
    return "app" in inventory.get_group_data(group)


def _place(name: str, groups: Sequence[str], declaration: Declaration) -> Place:
    """The strongest file that assigns it: pyinfra lets the later group win, and `all` is the weakest."""
    if name in declaration.data:
        return Place()
    strongest = [*reversed(groups[:-1]), groups[-1]]
    for file in (folder / f"{group}.py" for group in strongest for folder in reversed(declaration.folders())):
        for line in _assignments(file, name):
            return Place(_shown(str(file), declaration), line)
    return Place(declaration.inventory)


def _assignments(file: Path, name: str) -> Iterator[int]:
    for node in ast.walk(parse(str(file))):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
            yield node.lineno
