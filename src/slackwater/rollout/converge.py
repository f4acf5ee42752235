"""One batch: the project's own deploy.py on its hosts, in a run of pyinfra of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import gevent
from pyinfra.api import Config, Host, State
from pyinfra.api.connect import connect_all, disconnect_all
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.operations import run_ops
from pyinfra.api.state import BaseStateCallback
from pyinfra.context import ctx_config, ctx_inventory, ctx_state
from pyinfra_cli.util import exec_file, load_deploy_file

from slackwater.engine.order import GIVEN, Order
from slackwater.engine.report import Failure, Report
from slackwater.errors import RolloutError
from slackwater.lint.loading import Declaration, inventory_of, told_by

CONVERGE_TIMEOUT = 3600
"""Seconds for one batch: every step on a host is bounded, and this ends what none of those bounds foresaw."""
SHOWN = {"release", "before release", "switch"}
"""Steps worth a line of progress; the others take no time."""

Say = Callable[[str, str], None]


class Progress(BaseStateCallback):
    """Says which step a host is at."""

    def __init__(self, say: Say) -> None:
        self.say = say

    def operation_host_start(self, state: State, host: Host, op_hash: str) -> None:  # type: ignore[override]
        step = ", ".join(state.get_op_meta(op_hash).names).rpartition(" | ")[2]
        if step in SHOWN:
            self.say(host.name, step)


def converge(declaration: Declaration, names: Sequence[str], order: Order, say: Say) -> list[Failure]:
    """What failed; the hosts of a batch do not stop each other.

    Raises RolloutError when deploy.py itself cannot be run, or does not end.
    """
    inventory = inventory_of(declaration, **{GIVEN: order})
    state, config, report = State(check_for_changes=False), Config(), Report()  # type: ignore[no-untyped-call]
    with ctx_state.use(state), ctx_config.use(config), ctx_inventory.use(inventory), _sentences():
        _configure(config, declaration.project)
        state.init(inventory, config, initial_limit=[inventory.get_host(name) for name in names])
        state.cwd = str(declaration.project)
        for handler in (report, Progress(say)):
            state.add_callback_handler(handler)  # type: ignore[no-untyped-call]
        try:
            _run(state, declaration.project)
        finally:
            disconnect_all(state)
    return report.failures(state)


@contextmanager
def _sentences() -> Iterator[None]:
    """The boundary where whatever a project's own files raise becomes a sentence; nothing passes it unnoticed."""
    try:
        with gevent.Timeout(CONVERGE_TIMEOUT):
            yield
    except PyinfraError as error:
        raise RolloutError(f"deploy.py could not be run: {error}") from error
    except click.ClickException as error:
        raise RolloutError(f"deploy.py could not be run: {told_by(error)}") from error
    except SystemExit as error:
        raise RolloutError(f"config.py or deploy.py ended the run: {error}") from error
    except gevent.Timeout as error:
        raise RolloutError(f"deploy.py was not done after {CONVERGE_TIMEOUT} s") from error


def _configure(config: Any, project: Path) -> None:
    """The project's config.py, as pyinfra's own command reads it."""
    if (project / "config.py").is_file():
        exec_file(str(project / "config.py"))
    config.FAIL_PERCENT = None
    config.lock_current_state()


def _run(state: State, project: Path) -> None:
    """Without any host left pyinfra raises; which failed, and why, is in the report."""
    try:
        connect_all(state)
        load_deploy_file(state, str(project / "deploy.py"))
        run_ops(state)
    except PyinfraError:
        if not state.failed_hosts:
            raise
