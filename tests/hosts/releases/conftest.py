"""The fleet that rollouts are tried on: six app hosts behind a balancer, with a proved release."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slackwater.lab import Lab
from tests.hosts.releases.site import Site

Fleet = Callable[..., Lab]


@pytest.fixture(scope="module")
def six(passing: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Converged once; `good` is the release of the example as it is."""
    site = Site(passing("six", app=6, balancer=1), tmp_path_factory.mktemp("six"))
    site.build("good")
    site.converge()
    site.rollout("good")
    return site


@pytest.fixture
def rested(six: Site) -> Iterator[Site]:
    """The six on `good`, whatever the test did."""
    yield six
    six.source({})
    six.tell()
    if set(six.releases().values()) != {"good"} or six.status()["proved"] != "good":
        six.rollout("good")
    Path(six.folder / "said").unlink(missing_ok=True)
