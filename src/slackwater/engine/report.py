"""What failed, said once at the end: host, role, step, command, its last lines, what to do next."""

from __future__ import annotations

import atexit
import sys
from dataclasses import dataclass
from typing import Any

import click
from pyinfra import state
from pyinfra.api import Host, State
from pyinfra.api.state import BaseStateCallback

LAST_LINES = 12


@dataclass(frozen=True)
class Failure:
    host: str
    role: str
    step: str
    command: str
    lines: tuple[str, ...]

    def text(self) -> str:
        head = f"{self.host}: role {self.role}, step “{self.step}” failed"
        said = "\n".join(f"    {line}" for line in self.lines) or "    (it said nothing)"
        return f"{head}\n  command: {self.command}\n  it said:\n{said}"


class Report(BaseStateCallback):
    """Collects failures; pyinfra calls its static methods."""

    failures: list[Failure] = []  # noqa: RUF012  one run, one process

    @staticmethod
    def operation_host_error(
        state: State, host: Host, op_hash: str, retry_count: int = 0, max_retries: int = 0
    ) -> None:
        _failed.append((host, op_hash))

    @staticmethod
    def operation_end(state: State, op_hash: str) -> None:
        """Only now is the result of each host complete."""
        for host, failed_hash in _failed:
            Report.failures.append(_failure(state, host, failed_hash))
        _failed.clear()


_failed: list[tuple[Host, str]] = []


def _failure(state: State, host: Host, op_hash: str) -> Failure:
    name = ", ".join(sorted(state.get_op_meta(op_hash).names))
    role, _, step = name.rpartition(" | ")
    meta = state.get_op_data_for_host(host, op_hash).operation_meta
    commands: list[Any] = list(meta._commands or [])
    output = [*meta.stdout_lines, *meta.stderr_lines]
    return Failure(host.name, role or "deploy.py", step, _title(commands), tuple(output[-LAST_LINES:]))


def _title(commands: list[Any]) -> str:
    """Scripts of ours begin with a comment that says what they do; else the command itself, not too long."""
    first = str(commands[-1]).strip().splitlines()[0] if commands else "(none was run)"
    return first.removeprefix("# ")[:200]


def begin() -> None:
    """Reports this run's failures when it ends. Safe to call for every host."""
    if any(isinstance(handler, Report) for handler in state.callback_handlers):
        return
    state.add_callback_handler(Report())  # type: ignore[no-untyped-call]
    atexit.register(_print, state._container.module if hasattr(state, "_container") else state)


def _print(run: State) -> None:
    unreachable = run.failed_hosts - {host for host in run.failed_hosts if host.name in _names(Report.failures)}
    for failure in Report.failures:
        click.secho("\n" + failure.text(), fg="red", err=True)
    for host in sorted(unreachable, key=lambda host: host.name):
        click.secho(f"\n{host.name}: no connection, or it was lost; nothing more was done there", fg="red", err=True)
    if run.failed_hosts:
        names = ",".join(sorted(host.name for host in run.failed_hosts))
        click.echo(f"\nNext: mend what it says, then the same command again with --limit {names}", err=True)
        sys.stderr.flush()


def _names(failures: list[Failure]) -> set[str]:
    return {failure.host for failure in failures}
