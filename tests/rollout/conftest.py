"""A fleet of real ssh servers on loopback, with a stand-in for what a VM runs; every command is a process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .commands import Launcher
from .machine import Machine, machines
from .site import Site, fresh

NAMES = ["app-1", "app-2", "app-3", "balancer-1"]


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Machine]]:
    made = machines(NAMES, tmp_path_factory.mktemp("fleet"))
    yield made
    for machine in made.values():
        machine.forget()
        machine.kill()


@pytest.fixture(scope="session")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    made = Launcher(tmp_path_factory.mktemp("home"))
    yield made
    made.end()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fresh(tmp_path_factory.mktemp("template") / "project")


@pytest.fixture
def unproved(fleet: dict[str, Machine], launcher: Launcher, template: Path, tmp_path: Path) -> Iterator[Site]:
    """Three new hosts behind a balancer; the store has r1, r2 and r3, and nothing was ever proved."""
    made = Site(Path(shutil.copytree(template, tmp_path / "project")), fleet, launcher)
    for machine in fleet.values():
        machine.reset(None, is_new=True)
    made.tell()
    made.declare("app-1", "app-2", "app-3")
    yield made
    made.end()


@pytest.fixture
def site(unproved: Site) -> Site:
    """The same, on r1, which is proved."""
    for machine in unproved.hosts.values():
        machine.reset("r1")
    unproved.prove("r1")
    return unproved
