"""Two app hosts behind a balancer, each with its drain agent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from slackwater.lab import Lab, LabHost
from slackwater.lab.cloud import cloud
from tests.hosts.balancers.desk import settled
from tests.hosts.drain.bench import SETTINGS, Bench
from tests.hosts.drain.standing import Standing
from tests.hosts.releases.site import Site

Fleet = Callable[..., Lab]
ShortLived = Callable[..., AbstractContextManager[Lab]]


@pytest.fixture(scope="module")
def leaving(passing: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Of Debian 12 and 13, converged once."""
    lab = passing("leaving", app=2, balancer=1, suite_of={"app-2": "trixie"})
    site = Site(lab, tmp_path_factory.mktemp("leaving") / "site")
    site.tell(stable=0)
    site.converge()
    return site


@pytest.fixture
def balancer(leaving: Site) -> LabHost:
    return leaving.lab.host("balancer-1")


@pytest.fixture
def site(leaving: Site, balancer: LabHost) -> Iterator[Site]:
    """Both in service before the test and after it."""
    settled(balancer, dict.fromkeys(leaving.hosts(), "up"), limit=120)
    yield leaving
    for name in leaving.hosts():
        leaving.on(name, "slackwater-drain undrain || true")
    settled(balancer, dict.fromkeys(leaving.hosts(), "up"), limit=120)


@pytest.fixture(scope="package")
def bench(lab: ShortLived, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Converged once; then its app hosts, of Debian 12 and 13, become the instances of a scaling group."""
    with lab("matrix", app=2, balancer=1, suite_of={"app-2": "trixie"}) as made:
        site = Site(made, tmp_path_factory.mktemp("matrix") / "site")
        site.tell(stable=0, group=SETTINGS)
        site.converge()
        machines = Standing(made, site.hosts())
        with cloud(tmp_path_factory.mktemp("cloud"), lifecycle=True, machines=machines) as endpoint:
            bench = Bench(site, endpoint, machines)
            bench.furnish()
            bench.serving()
            yield bench
            assert ([], []) == (endpoint.uncovered, endpoint.misshapen)
