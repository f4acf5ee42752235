"""Balancers and backends for a test, ended after it."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.server import Server, ServerConnection, serve

from slackwater import Balancer
from tests.balancer.backends import Backends, backends
from tests.balancer.site import Site
from tests.ports import ports

Start = Callable[..., Site]


@pytest.fixture
def apps() -> Iterator[Backends]:
    with backends(*ports(1)) as those:
        yield those


@pytest.fixture
def make() -> Iterator[Start]:
    """A site that is not started yet; words that Site does not know are settings of the Balancer."""
    sites: list[Site] = []

    def make(*, more: str = "", workers: int = 2, **settings: Any) -> Site:
        balancer = Balancer(**settings)
        home = Path(tempfile.mkdtemp(prefix="balancer-"))  # short: a unix socket's path has 107 characters at most
        home.chmod(0o755)  # nginx's workers are another user
        sites.append(Site(home, balancer, workers=workers, more=more))
        return sites[-1]

    yield make
    for site in sites:
        site.stop()
        shutil.rmtree(site.home)


@pytest.fixture
def start(make: Start) -> Start:
    def start(**words: Any) -> Site:
        site = make(**words)
        site.begin()
        return site

    return start


@pytest.fixture
def echoing() -> Iterator[Server]:
    """A backend that sends each WebSocket message back."""

    def echo(connection: ServerConnection) -> None:
        for message in connection:
            connection.send(message)

    with serve(echo, "127.0.0.21", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)
