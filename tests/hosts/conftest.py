"""Labs for the tests: real hosts, under names of this run's own, gone at its end whatever happened."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from slackwater.lab import Lab, Wishes
from slackwater.lab.locks import locked
from slackwater.lab.places import PLACES
from slackwater.lab.records import load_all
from tests.hosts.sweeping import sweep

OWN = f"t{os.getpid()}"
INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
OF_A_HOST = 7
"""inotify instances that a host takes of those of the machine's root: systemd five, logind one, a login's systemd."""
ROOM_LIMIT = 600.0
"""Seconds that another worker may keep its largest fleet; a lab of somebody else's may stay for ever."""

Fleet = Callable[..., Lab]
ShortLived = Callable[..., AbstractContextManager[Lab]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder starts real machines."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("hosts")


@pytest.fixture(scope="session", autouse=True)
def swept() -> None:
    """Labs of a run that was killed would take the memory of this one."""
    sweep()


def begin(made: Lab, wishes: Wishes) -> None:
    """Brings it up as soon as its hosts fit beside those of other workers; who waits does not hold the others up."""
    hosts, most = sum(wishes.counts.values()), int(INSTANCES.read_text()) // OF_A_HOST
    deadline = time.monotonic() + ROOM_LIMIT
    while True:
        with locked(PLACES.labs / ".room.lock"):
            if hosts + there() <= most or time.monotonic() > deadline:
                return made.up(wishes)
        time.sleep(1)


def there() -> int:
    return sum(len(lab.hosts) for lab in load_all(PLACES.labs))


@contextmanager
def _lab(name: str, wishes: Wishes) -> Iterator[Lab]:
    made = Lab(f"{OWN}-{name}")
    try:
        begin(made, wishes)
        yield made
    finally:
        made.down()


@pytest.fixture(scope="session")
def lab(swept: None) -> ShortLived:
    """`with lab("drain", app=2, suite="trixie") as made:` is a lab of its own that ends with the block.

    Counts are by group, and a group that is not named has no host; other words are those of Wishes.
    """

    def make(
        name: str, *, app: int = 0, worker: int = 0, balancer: int = 0, cache: int = 0, **wishes: object
    ) -> AbstractContextManager[Lab]:
        counts = {"app": app, "worker": worker, "balancer": balancer, "cache": cache}
        return _lab(name, Wishes(counts, **wishes))

    return make


def _keeping(lab: ShortLived, labs: ExitStack) -> Fleet:
    made: dict[str, Lab] = {}

    def get(name: str, **wishes: object) -> Lab:
        if name not in made:
            made[name] = labs.enter_context(lab(name, **wishes))
        return made[name]

    return get


@pytest.fixture(scope="module")
def passing(lab: ShortLived) -> Iterator[Fleet]:
    """`passing("renamed", app=1)` is a lab that is gone with the module; the same name gives the same lab."""
    with ExitStack() as labs:
        yield _keeping(lab, labs)
