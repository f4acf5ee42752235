"""All checks over one declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slackwater.lint.checks import edge, hosts, scaling, server, source, variables, workers
from slackwater.lint.fleet import Fleet
from slackwater.lint.loading import Declaration, load
from slackwater.settings import Fault

Check = Callable[[Fleet], Iterator[Fault]]

CHECKS: tuple[Check, ...] = (
    hosts.names_hold_their_types,
    hosts.settings_have_their_names,
    hosts.fleet_has_hosts,
    hosts.app_hosts_have_an_app,
    hosts.host_has_one_app,
    hosts.balancer_has_app_hosts,
    hosts.shares_are_read,
    hosts.ports_differ,
    hosts.balancer_passes_what_the_app_takes,
    server.worker_class_speaks_the_interface,
    server.reload_is_for_development,
    source.directory_exists,
    source.archive_is_the_one,
    source.entrypoint_exists,
    source.static_directories_exist,
    source.pins_are_supported,
    variables.env_file_is_readable,
    variables.secrets_are_readable,
    edge.certificates_are_readable,
    edge.files_of_the_edge_are_readable,
    edge.both_sides_speak_tls,
    edge.probes_wait_for_the_hosts_own_answer,
    edge.https_port_is_free,
    workers.worker_hosts_are_told,
    workers.host_serves_or_works,
    workers.drain_holds_the_tasks,
    workers.beat_has_a_host,
    workers.cache_hosts_are_told,
    workers.cache_hosts_are_reached,
    workers.cache_passwords_are_readable,
    *scaling.CHECKS,
)

OF_THE_SOURCE = {
    source.directory_exists,
    source.archive_is_the_one,
    source.entrypoint_exists,
    source.static_directories_exist,
    source.pins_are_supported,
}


@dataclass(frozen=True)
class Report:
    """`hosts` counts those that could be read."""

    faults: tuple[Fault, ...]
    hosts: int


def inspect(declaration: Declaration) -> Report:
    fleet, faults = load(declaration)
    checks = [run for run in CHECKS if not (fleet.is_instance and run in OF_THE_SOURCE)]
    found = [fault for run in checks for fault in run(fleet)]
    return Report(tuple(dict.fromkeys([*faults, *found])), len(fleet.hosts))


def check(inventory: str, group_data: Sequence[str], data: Mapping[str, Any], cwd: Path) -> list[Fault]:
    """Every fault of the declaration; no host is touched. `cwd` is the project's directory."""
    return list(inspect(Declaration(inventory, tuple(group_data), data, cwd.resolve())).faults)
