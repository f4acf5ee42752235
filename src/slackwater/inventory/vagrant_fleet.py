"""vagrant/fleet.yml: which VMs there are, and at which addresses. The Vagrantfile reads the same file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from slackwater.errors import SettingsError

VARIABLE = "SLACKWATER_VAGRANT_FLEET"
FILE = "fleet.yml"
GROUPS = ("balancer", "app", "worker", "database")
INSTANCE = "instance"
"""The VMs that the lab's cloud takes for its instances: of no group until they are one's."""


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
        return list(_vms(yaml.safe_load(file.read_text())))
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError(f"{file} cannot be read: {error}; vagrant/README.md says what it holds") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"{file} does not hold `network`, and `groups` with `count` and `first` each; `vagrant validate` says what "
            "is allowed"
        ) from error


def kept(directory: Path) -> Path:
    """What Vagrant keeps of its VMs there: NAME/PROVIDER/ each, which goes when the VM does."""
    return Path(os.environ.get("VAGRANT_DOTFILE_PATH", directory / ".vagrant")) / "machines"


def _vms(told: Any) -> Iterator[Vm]:
    for group in (*GROUPS, INSTANCE):
        numbers = told["groups"][group]
        for number in range(numbers["count"]):
            yield Vm(f"{group}-{number + 1}", group, f"{told['network']}.{numbers['first'] + number}")
