"""Worker hosts and their broker: who is told what, and whether tasks have the time that they are promised."""

from __future__ import annotations

from collections.abc import Iterator

from slackwater.errors import SettingsError
from slackwater.lint.checks.scaling.times import STEPS
from slackwater.lint.fleet import APP, CACHE, WORKER, Fleet, Host
from slackwater.settings import Cache, Drain, Fault, Worker, is_address


def worker_hosts_are_told(fleet: Fleet) -> Iterator[Fault]:
    """Without either of them a converge would do nothing there, and say nothing."""
    for name in ("worker", "app"):
        lacking = [host.name for host in fleet.running(WORKER) if host.data.get(name) is None]
        if fleet.is_whole and lacking:
            kind = name.capitalize()
            allowed = f"is missing for {', '.join(lacking)}: group_data/{name}.py must declare {name} = {kind}(…)"
            yield Fault(fleet.inventory, None, name, None, allowed)


def host_serves_or_works(fleet: Fleet) -> Iterator[Fault]:
    """A host has one live slot, of one kind; and tasks would take the processor that answers people."""
    for host in fleet.running(APP):
        if WORKER in host.groups and host.worker:
            allowed = f"must be told to hosts of {WORKER} alone, but {host.name} is in {APP}, too"
            yield host.fault("worker", host.worker, allowed)


def drain_holds_the_tasks(fleet: Fleet) -> Iterator[Fault]:
    """What the deadline cuts is killed, and comes back only after the visibility timeout."""
    for host, worker in _workers(fleet):
        least = worker.stop_timeout + host.drain.hooks + STEPS
        if host.drain.is_sound and host.drain.deadline < least:
            steps = (
                f"the workers' stop ({worker.stop_timeout}), drain.hooks ({host.drain.hooks}), other steps ({STEPS})"
            )
            yield _drain_fault(host, f"must be at least {least} seconds: {steps}")


def _drain_fault(host: Host, allowed: str) -> Fault:
    """Of a deadline that is the default, there is only the worker's own line."""
    told = host.data.get("drain")
    if isinstance(told, Drain):
        return told.fault("deadline", allowed)
    return host.fault("drain.deadline", host.drain.deadline, allowed)


def beat_has_a_host(fleet: Fleet) -> Iterator[Fault]:
    """An instance that provisions itself knows no neighbours: each would take itself for the first."""
    lasting = [host for host in fleet.of(WORKER) if host.worker]
    for host, worker in _workers(fleet):
        if worker.beat and not lasting and not fleet.is_instance:
            allowed = f"must be False where {WORKER} has only {host.name}: beat needs a host that stays"
            yield worker.fault("beat", allowed)


def cache_hosts_are_told(fleet: Fleet) -> Iterator[Fault]:
    lacking = [host.name for host in fleet.of(CACHE) if host.data.get("cache") is None]
    if fleet.is_whole and lacking:
        allowed = f"is missing for {', '.join(lacking)}: group_data/{CACHE}.py must declare cache = Cache(…)"
        yield Fault(fleet.inventory, None, CACHE, None, allowed)


def cache_hosts_are_reached(fleet: Fleet) -> Iterator[Fault]:
    """By a name Redis would listen on the loopback alone."""
    for host in fleet.of(CACHE):
        address = host.data.get("address") or host.data.get("ssh_hostname") or host.name
        if not is_address(str(address)):
            yield Fault(fleet.inventory, None, f"{host.name}.address", repr(address), "must be the host's IP address")


def cache_passwords_are_readable(fleet: Fleet) -> Iterator[Fault]:
    """Now, and on the operator's machine: a cache host has no role of its own in AWS."""
    found = {id(cache): cache for host in fleet.of(CACHE) if isinstance(cache := host.data.get("cache"), Cache)}
    for cache in found.values():
        try:
            if cache.is_sound and cache.password.is_sound:
                cache.password.read(fleet.project)
        except SettingsError:
            yield cache.password.fault("location", cache.password.wanted)


def _workers(fleet: Fleet) -> Iterator[tuple[Host, Worker]]:
    yield from ((host, host.worker) for host in fleet.running(WORKER) if host.worker)
