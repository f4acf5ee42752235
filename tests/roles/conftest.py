"""A role run by pyinfra against a bare host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pyinfra.api import Config, Inventory, State
from pyinfra.api.deploy import add_deploy
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.operations import run_ops
from pyinfra.api.state import StateStage
from pyinfra.context import ctx_state

from slackwater import App, Source
from tests.roles.bare import Bare, BareHost

PROJECT = Path(__file__).resolve().parents[2]
Run = Callable[..., BareHost]


@pytest.fixture
def run_role(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """`run_role(role, groups=(…), data={…}, others={"app": […]})` returns the connector with what was executed."""
    monkeypatch.chdir(PROJECT)

    def run(
        role: Callable[[], None],
        groups: Sequence[str] = (),
        data: dict[str, Any] | None = None,
        others: dict[str, list[tuple[str, dict[str, Any]]]] | None = None,
        bare: Bare | None = None,
    ) -> BareHost:
        me = ("@fake/me", {"fake_delay": 0, "fake_delay_jitter": 0, **(data or {})})
        members: dict[str, list[Any]] = {group: [me] for group in groups}
        for group, hosts in (others or {}).items():
            members.setdefault(group, []).extend(hosts)
        everyone = {host[0]: host for hosts in members.values() for host in hosts} | {me[0]: me}
        inventory = Inventory((list(everyone.values()), {}), **{name: (hosts, {}) for name, hosts in members.items()})
        state = State(inventory, Config())
        host = inventory.get_host("@fake/me")
        host.connector = BareHost(state, host)
        host.connector.bare = bare or Bare()
        with ctx_state.use(state):
            state.set_stage(StateStage.Connect)
            host.connect()
            state.activate_host(host)
            state.set_stage(StateStage.Prepare)
            add_deploy(state, role)
            state.set_stage(StateStage.Execute)
            with suppress(PyinfraError):  # raised when the only host has failed
                run_ops(state)
        return host.connector

    return run


@pytest.fixture
def shop(tmp_path: Path) -> App:
    """A small app of its own, so that building its release asks nobody for anything but the server's pins."""
    source = tmp_path / "shop-source"
    source.mkdir()
    (source / "shop.py").write_text("app = None\n")
    return App(name="shop", entrypoint="shop:app", source=Source.directory(str(source)))
