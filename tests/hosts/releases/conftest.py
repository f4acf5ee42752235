"""The fleets that rollouts are tried on: app hosts behind a balancer, with a proved release."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from slackwater.lab import Lab
from tests.hosts.releases.site import Site

Fleet = Callable[..., Lab]
ShortLived = Callable[..., AbstractContextManager[Lab]]


def proved(lab: Lab, folder: Path) -> Site:
    """`good`, the example as it is, on bare hosts by a rollout, the first ever; then the balancer by a converge."""
    site = Site(lab, folder)
    site.build("good")
    site.rollout("good", "--canary", "0", "--batch", "100%", "--bake", "0")
    site.converge()
    return site


@pytest.fixture(scope="package")
def three(lab: ShortLived, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with lab("three", app=3, balancer=1, suite_of={"app-3": "trixie"}) as made:
        yield proved(made, tmp_path_factory.mktemp("three"))


@pytest.fixture(scope="module")
def six(passing: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return proved(passing("six", app=6, balancer=1), tmp_path_factory.mktemp("six"))


@pytest.fixture
def rested(three: Site) -> Iterator[Site]:
    """The three on `good`, whatever the test does to them."""
    yield three
    three.source({})
    three.tell()
    status = three.status()
    if {host["release"] for host in status["hosts"] if host["group"] == "app"} != {"good"} or status[
        "proved"
    ] != "good":
        three.rollout("good")
