"""An instance on this machine: its metadata, its group in the lab's cloud, and a directory in place of its disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from slackwater.lab.cloud import Endpoint, cloud
from slackwater.lab.metadata import Instance, Service, listening, serving
from tests.bootstrap.machine import Machine


@pytest.fixture
def sky(tmp_path: Path) -> Iterator[Endpoint]:
    with cloud(tmp_path / "cloud", lifecycle=True) as endpoint:
        yield endpoint


@pytest.fixture
def me() -> Instance:
    return Instance("i-0123456789abcdef0", "127.0.0.1", target="InService")


@pytest.fixture
def service(me: Instance) -> Iterator[Service]:
    with serving(listening(), lambda _: me) as found:
        yield found


@pytest.fixture
def machine(tmp_path: Path, sky: Endpoint, service: Service, me: Instance) -> Machine:
    """Its group waits for it; the pyinfra of its bundle does nothing, well."""
    return Machine.begin(tmp_path / "disk", sky, service, me)
