"""What `up` was asked for, and which hosts follow from it and from those that are there: pure computation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from slackwater.errors import LabError
from slackwater.lab.addressing import GROUPS, names
from slackwater.lab.image import SUITES
from slackwater.lab.records import HostRecord, LabRecord

FIRST_FLEET = {"app": 2, "worker": 0, "balancer": 1, "cache": 0}
_SIZE = re.compile(r"[1-9][0-9]*[MG]")


@dataclass(frozen=True)
class Wishes:
    """A group that has no count keeps the hosts it has; a new lab gets FIRST_FLEET."""

    counts: Mapping[str, int] = field(default_factory=dict)
    suite: str = SUITES[0]
    suite_of: Mapping[str, str] = field(default_factory=dict)
    disk_of: Mapping[str, str] = field(default_factory=dict)

    def suite_for(self, host: str) -> str:
        return self.suite_of.get(host, self.suite)


def check(wishes: Wishes) -> None:
    """Raises LabError for a word that no lab understands."""
    for suite in (wishes.suite, *wishes.suite_of.values()):
        if suite not in SUITES:
            raise LabError(f"suite {suite!r} is not known: the lab has images of {' and '.join(SUITES)}")
    for host, size in wishes.disk_of.items():
        if not _SIZE.fullmatch(size):
            raise LabError(f"{host}: a disk of {size!r} is not possible: a number and M or G, such as 300M")


def wanted_names(record: LabRecord, wishes: Wishes) -> list[str]:
    """In the order of the groups; raises LabError when a count is lower than what is there."""
    wanted: list[str] = []
    for group in GROUPS:
        there = [host.name for host in record.hosts if host.group == group]
        count = wishes.counts.get(group)
        if count is None:
            wanted += there if record.asked_for() else names(group, FIRST_FLEET[group])
            continue
        asked = names(group, count)
        if surplus := [name for name in there if name not in asked]:
            raise LabError(
                f"lab {record.name} has {', '.join(surplus)}, more than the {count} hosts asked for in "
                f"group {group}, and `up` removes nothing; what does is "
                f"`slackwater lab down --name {record.name} {' '.join(surplus)}`"
            )
        wanted += asked
    return wanted


def planned(record: LabRecord, wishes: Wishes, image_of: Callable[[str], str]) -> LabRecord:
    """The lab as it shall be. Hosts that are there keep their image and disk; `image_of` is asked once a new host.

    Instances of the lab's cloud stay as they are.
    """
    check(wishes)
    wanted = wanted_names(record, wishes)
    there = {host.name: host for host in record.asked_for()}
    for name in (*wishes.suite_of, *wishes.disk_of):
        if name not in wanted:
            raise LabError(f"{name} is not among the hosts of lab {record.name}: {', '.join(wanted)}")
    for name, host in there.items():
        _check_unchanged(host, wishes.suite_of.get(name, host.suite), wishes.disk_of.get(name, host.disk))
    hosts = (there.get(name) or _new(name, wishes, image_of) for name in wanted)
    return LabRecord(record.name, record.number, (*hosts, *record.instances()))


def _new(name: str, wishes: Wishes, image_of: Callable[[str], str]) -> HostRecord:
    suite = wishes.suite_for(name)
    return HostRecord(name, suite, image_of(suite), wishes.disk_of.get(name))


def _check_unchanged(host: HostRecord, suite: str, disk: str | None) -> None:
    if (host.suite, host.disk) != (suite, disk):
        raise LabError(
            f"{host.name} is there already, with {host.suite} and a disk of {host.disk or 'full size'}: remove it "
            f"first (`slackwater lab down {host.name}`), then `up` makes it anew"
        )
