"""A host, its metadata service and its agent, below a directory of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from slackwater.lab.metadata import Instance, listening, serving
from tests.agents.drain.site import Site, site


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Site]:
    me = Instance("i-1", "127.0.0.1")
    with serving(listening(), lambda _: me) as service, site(tmp_path / "host", service.url, me) as made:
        yield made
