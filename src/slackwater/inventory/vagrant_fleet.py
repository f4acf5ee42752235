"""vagrant/fleet.yml: which VMs there are, and at which addresses. The Vagrantfile reads the same file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path
from typing import Any

import yaml

from slackwater.errors import SettingsError

VARIABLE = "SLACKWATER_VAGRANT_FLEET"
FILE = "fleet.yml"
GROUPS = ("balancer", "app", "worker", "database")
INSTANCE = "instance"
"""The VMs that the lab's cloud takes for its instances: of no group until they are one's."""
NUMBERS = {"count": range(10), "first": range(2, 246)}
"""As vagrant/fleet.rb has them, which says the same of the rest."""


@dataclass(frozen=True)
class Vm:
    """`address` is the one that the fleet uses among itself."""

    name: str
    group: str
    address: str


def read(directory: Path) -> list[Vm]:
    """Every VM that the file asks for, group by group. Raises SettingsError where it cannot be read as one."""
    file = directory / os.environ.get(VARIABLE, FILE)
    try:
        return list(_vms(file, yaml.safe_load(file.read_bytes())))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{file} cannot be read: {error}; vagrant/README.md says what it holds") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"{file} does not hold `network`, and `groups` with `count` and `first` each; `vagrant validate` says what "
            "is allowed"
        ) from error


def kept(directory: Path) -> Path:
    """What Vagrant keeps of its VMs there: NAME/PROVIDER/ each, which goes when the VM does."""
    return directory / Path(os.environ.get("VAGRANT_DOTFILE_PATH") or ".vagrant").expanduser() / "machines"


def _vms(file: Path, told: Any) -> Iterator[Vm]:
    network, groups = told["network"], told["groups"]
    if not _is_network(network):
        raise _refused(file, "network", network, "three numbers such as 192.168.56")
    for group in (*GROUPS, INSTANCE):
        count, first = _numbers(file, f"groups.{group}", groups[group])
        for number in range(count):
            yield Vm(f"{group}-{number + 1}", group, f"{network}.{first + number}")


def _is_network(told: Any) -> bool:
    """Whether it is a private one is Vagrant's concern."""
    try:
        return isinstance(told, str) and bool(IPv4Address(f"{told}.0"))
    except AddressValueError:
        return False


def _numbers(file: Path, field: str, told: Any) -> list[int]:
    if not isinstance(told, dict):
        raise _refused(file, field, told, f"values of its own: {', '.join(NUMBERS)}")
    for name, allowed in NUMBERS.items():
        if type(told.get(name)) is not int or told[name] not in allowed:
            span = f"whole numbers from {allowed[0]} to {allowed[-1]}"
            raise _refused(file, f"{field}.{name}", told.get(name), span)
    return [told[name] for name in NUMBERS]


def _refused(file: Path, field: str, value: Any, allowed: str) -> SettingsError:
    return SettingsError(f"{file}: {field} is {value!r}; allowed are {allowed}")
