"""The edge as a client meets it: the machine's nginx with what the roles write, before a small real app."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from slackwater import App, Balancer
from tests.edge.app import EchoApp
from tests.edge.site import Edge
from tests.ports import ports
from tests.roles.conftest import run_role, shop

__all__ = ["run_role", "shop"]

Start = Callable[..., Edge]


@pytest.fixture
def place() -> Iterator[Path]:
    """Not pytest's own: nginx's workers are another user, who may not look into that one."""
    with tempfile.TemporaryDirectory(prefix="slackwater-edge-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def edge(run_role: Any, shop: App, place: Path) -> Iterator[Start]:
    """`edge(tls=…, redirect=…)` starts nginx as a balancer with those settings and as the app's host behind it.

    `balancers` are others by address, with the port where each really is.
    """
    with ExitStack() as stack:

        def start(
            *, app: dict[str, Any] | None = None, balancers: dict[str, int] | None = None, **settings: Any
        ) -> Edge:
            plain, secure, behind, *inner = ports(5)
            balancer = Balancer(port=plain, https_port=secure, **settings)
            told = shop.model_copy(update={"port": behind, **(app or {})})
            made = Edge(place, balancer, told, *inner, balancers or {})
            made.write(run_role)
            stack.enter_context(EchoApp(place / "app.sock"))
            stack.enter_context(made)
            return made

        yield start
