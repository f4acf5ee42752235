"""From an inventory to a plan: what is declared for the group's instances, their bundle, their user-data, the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slackwater.aws.bundle_object import BundleObject
from slackwater.aws.clients import Clients
from slackwater.aws.plan import Declared, Plan, plan
from slackwater.aws.user_data import user_data
from slackwater.aws.world import World, observe
from slackwater.bundle import Bundle, build
from slackwater.errors import SettingsError
from slackwater.lint.instance_types import architecture
from slackwater.settings import App, Balancer, Health, HostSettings, ScalingGroup, Ssh, Store, resolve

CLOUD = "cloud"
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""By AWS's word for an architecture, Python's."""
Inventory = Any  # pyinfra's own, whose methods carry no types


@dataclass(frozen=True)
class Told:
    """What the inventory says of its cloud host; `instance` is what the group's instances will be told, `login` how
    operators come to them."""

    group: ScalingGroup
    environment: str
    instance: HostSettings
    balancer: Balancer
    project: Path
    login: Ssh | None = None

    def clients(self) -> Clients:
        return Clients(self.group.region, self.group.endpoint)


@dataclass(frozen=True)
class Look:
    """A plan, what it was made of, and the clients that may carry it out."""

    clients: Clients
    declared: Declared
    world: World
    plan: Plan

    def differences(self) -> list[str]:
        """Looks again: the parts of the world that are others by now."""
        now = observe(self.clients, self.declared.group, self.declared.bundle)
        return now.differences(self.world.fingerprints())


def told(inventory: Inventory, host: Any, project: Path) -> Told:
    """`host` is pyinfra's, of the group `cloud`. Raises SettingsError for what it lacks."""
    group = host.data.get("scaling_group")
    if not isinstance(group, ScalingGroup):
        raise SettingsError(
            f"{host.name}: scaling_group is missing; a host of the group {CLOUD} needs "
            "`scaling_group = ScalingGroup(…)` in group_data/cloud.py"
        )
    rest = [name for name in host.groups if name != CLOUD]
    data = _data(inventory, (*group.groups, *rest))
    instance, login = resolve(data, project=project), data.get("connection")
    balancer = resolve(_data(inventory, ("balancer", *rest)), project=project).balancer
    ssh = login if isinstance(login, Ssh) else None
    return Told(group, _environment(rest, project), instance, balancer, project, ssh)


def look(what: Told) -> Look:
    """Builds the bundle, reads AWS, and changes nothing there. Raises SettingsError or CloudError."""
    declared = declare(what)
    clients = what.clients()
    world = observe(clients, declared.group, declared.bundle)
    return Look(clients, declared, world, plan(declared, world))


def declare(what: Told) -> Declared:
    """The bundle is the same as long as the project is."""
    group, store = what.group, what.instance.store
    # Without wheels a bundle fits any machine, and is the same wherever it is built.
    machine = MACHINES[architecture(group.instance_types[0])] if group.wheels else None
    built = build(what.project, what.environment, groups=group.groups, wheels=group.wheels, machine=machine)
    bundle = _in_store(store, built)
    text = user_data(
        group,
        bundle_url=bundle.url,
        bundle_sha256=bundle.sha256,
        environment=what.environment,
        store=store.location,
    )
    return Declared(group, text, _live(what.instance.app), what.balancer, bundle)


def _data(inventory: Inventory, groups: Sequence[str]) -> dict[str, Any]:
    """As pyinfra puts a host's data together; the environment's group is the last and beats the others."""
    return {**inventory.get_data(), **inventory.get_groups_data(groups), **inventory.get_override_data()}


def _environment(groups: Sequence[str], project: Path) -> str:
    """pyinfra puts each host into a group named as the inventory's file."""
    for name in reversed(groups):
        if (project / f"inventories/{name}.py").is_file():
            return name
    raise SettingsError(
        f"none of the groups {', '.join(groups)} is an inventory's name: instances are made of inventories/<name>.py"
    )


def _in_store(store: Store, bundle: Bundle) -> BundleObject:
    if store.kind != "s3":
        raise SettingsError(
            f"store = Store.directory({store.location!r}): must be Store.s3(…) for a scaling group, "
            "for instances cannot read a directory of this machine"
        )
    bucket, _, prefix = store.location.removeprefix("s3://").partition("/")
    key = "/".join(part for part in (prefix.strip("/"), bundle.key) if part)
    return BundleObject(bucket, key, bundle.path, bundle.sha256)


def _live(app: App | None) -> str:
    return app.health.live if app else Health().live
