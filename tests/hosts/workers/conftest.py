"""A host with Redis and two of workers, which carry out the parcels of an example."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from slackwater.lab import Lab
from tests.hosts.balancers.desk import until
from tests.hosts.releases.site import Site

Fleet = Callable[..., Lab]
PASSWORD = "tide-0123456789"
WORKER = """
worker = Worker(
    application="parcels.tasks:celery",
    queues=["parcels", "ticks"],
    concurrency=4,
    soft_time_limit=8,
    time_limit=10,
    drain_timeout=3,
    visibility_timeout=20,
    beat=True,
    stable=1,
)
"""
SHELF = "/srv/logs"
"""On each host's own disk: there is none here that outlives it."""
DESK = """
place=$(readlink -f /srv/slackwater/shop/current)
slot=$(slackwater-slots status shop --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["slot"])')
cd "$place/app"
BROKER_URL=$(cat "/etc/slackwater/shop/$slot/secrets/BROKER_URL") "$place/venv/bin/python" -m parcels.desk """


@dataclass
class Works(Site):
    """`count` of parcels were ordered under each name."""

    def __post_init__(self) -> None:
        self.example, self.shop = "parcels", {"entrypoint": "parcels.main:app"}
        super().__post_init__()
        (self.folder / "password").write_text(PASSWORD)
        broker = self.folder / "broker"
        broker.write_text(f"redis://:{PASSWORD}@{self.lab.host('cache-1').address}:6379/0")
        self.tell(f"secrets={{'BROKER_URL': Secret.file({str(broker)!r})}},")
        self._write("worker", WORKER)
        told = self.told / "all.py"
        told.write_text(told.read_text() + f"logs = Logs(ship_to={SHELF!r})\n")
        for name in self.hosts():
            self.on(name, f"install -d {SHELF}")
        self._write("cache", f"cache = Cache(password=Secret.file({str(self.folder / 'password')!r}))")

    def hosts(self) -> list[str]:
        return [host.name for host in self.lab.hosts() if host.group == "worker"]

    def send(self, count: int, name: str) -> list[str]:
        self.on(self.hosts()[0], f"{DESK}send {count} {shlex.quote(name)}")
        return [f"{name}-{number}" for number in range(count)]

    def report(self) -> dict[str, Any]:
        return dict(json.loads(self.on(self.hosts()[0], f"{DESK}report")))

    def wait_for(self, ordered: list[str], limit: float = 180) -> dict[str, Any]:
        """Until nothing waits and nothing is reserved; what became of all."""

        def is_over() -> bool:
            said = self.report()
            return set(ordered) <= set(said["shipped"]) and not said["waiting"] and not said["reserved"]

        until(is_over, lambda: str({key: self.report()[key] for key in ("waiting", "reserved")}), limit=limit)
        return self.report()

    def counted(self, name: str) -> dict[str, Any]:
        """What that host's workers have counted, and when."""
        return dict(json.loads(self.on(name, "cat /run/slackwater/shop/backlog/waiting.json")))

    def units(self, name: str) -> list[str]:
        listed = "systemctl list-units --plain --no-legend --state=active,activating,deactivating 'celery-*@*'"
        return [line.split()[0] for line in self.on(name, listed).splitlines()]

    def wait_until_all_work(self) -> None:
        """By systemd, which Celery tells that it consumes."""
        active = "systemctl list-units --plain --no-legend --state=active 'celery-shop@*'"
        for name in self.hosts():
            until(lambda name=name: self.on(name, active) != "", f"the workers of {name}", limit=150)  # type: ignore[misc]

    def beats(self, name: str) -> list[str]:
        return [unit for unit in self.units(name) if "-beat@" in unit]

    def workers(self, name: str) -> list[str]:
        return [unit for unit in self.units(name) if "-beat@" not in unit]


@dataclass(frozen=True)
class Counted:
    """`again`: begun once more than once, which a host that leaves may cost; the effect is what counts."""

    sent: int
    lost: int
    twice: int
    again: int

    @classmethod
    def of(cls, ordered: list[str], said: dict[str, Any]) -> Counted:
        names = set(ordered)
        own = [name for name in said["shipped"] if name in names]
        again = sum(times - 1 for name, times in said["begun"].items() if name in names)
        return cls(len(ordered), len(names - set(own)), len(own) - len(set(own)), again)

    def __str__(self) -> str:
        return f"{self.sent} tasks sent, {self.lost} lost, {self.twice} executed twice, {self.again} begun again"


def exactly_once(ordered: list[str], said: dict[str, Any]) -> None:
    """Each parcel's effect, none of them lost and none repeated; a task may well have been begun twice."""
    own = [name for name in said["shipped"] if name in set(ordered)]
    assert sorted(ordered) == sorted(own)


@pytest.fixture(scope="module")
def works(passing: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Works:
    lab = passing("works", worker=2, cache=1, suite_of={"worker-2": "trixie"})
    site = Works(lab, tmp_path_factory.mktemp("works") / "site")
    site.converge()
    return site


@pytest.fixture
def site(works: Works) -> Iterator[Works]:
    """Every host consumes before the test and after it."""
    works.wait_until_all_work()
    yield works
    for name in works.hosts():
        works.on(name, "slackwater-drain undrain || true")
    works.wait_until_all_work()
