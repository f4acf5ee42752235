"""A cloud that a lab's hosts reach, and an operator's project whose store is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from slackwater.lab.cloud import Endpoint, Ground, cloud
from slackwater.lab.launches import Project
from tests.hosts.converge.running import HOUSE


@pytest.fixture(scope="module")
def sky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with cloud(tmp_path_factory.mktemp("cloud"), lifecycle=True) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def ground(sky: Endpoint) -> Ground:
    return sky.cloud.ground("arrival")


@pytest.fixture(scope="module")
def project(sky: Endpoint, ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Its release `first` is proved."""
    made = Project.begin(tmp_path_factory.mktemp("operator") / "project", HOUSE, sky, ground.bucket)
    made.release("first")
    return made
