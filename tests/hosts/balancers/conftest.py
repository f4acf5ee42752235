"""Three app hosts behind one balancer whose members change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from slackwater.lab import Lab, LabHost
from tests.hosts.balancers.desk import settled
from tests.hosts.releases.site import Site

ShortLived = Callable[..., AbstractContextManager[Lab]]


@pytest.fixture(scope="package")
def behind_one(lab: ShortLived, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Of Debian 12 and 13, converged once. The balancer is the newer: of the older is that of every other fleet."""
    with lab("behind", app=3, balancer=1, suite_of={"app-3": "trixie", "balancer-1": "trixie"}) as made:
        site = Site(made, tmp_path_factory.mktemp("behind") / "site")
        site.tell(stable=0)
        site.converge()
        yield site


@pytest.fixture
def site(behind_one: Site) -> Iterator[Site]:
    """All three in service before the test and after it."""
    yield behind_one
    settled(behind_one.lab.host("balancer-1"), dict.fromkeys(behind_one.hosts(), "up"), limit=120)


@pytest.fixture
def balancer(site: Site) -> LabHost:
    return site.lab.host("balancer-1")
