"""What failed, said once at the end: host, role, step, command, its last lines, what to do next."""

from __future__ import annotations

import atexit
from dataclasses import dataclass
from typing import Any

import click
from pyinfra import host, state
from pyinfra.api import Host, State
from pyinfra.api.state import BaseStateCallback

LAST_LINES = 40


@dataclass(frozen=True)
class Failure:
    """Without a step the host itself was lost."""

    host: str
    role: str = ""
    step: str = ""
    command: str = ""
    lines: tuple[str, ...] = ()

    def text(self) -> str:
        if not self.step:
            return f"{self.host}: no connection, or it was lost; nothing more was done there"
        head = f"{self.host}: role {self.role}, step “{self.step}” failed"
        said = "\n".join(f"    {line}" for line in self.lines) or "    (it said nothing)"
        return f"{head}\n  command: {self.command}\n  it said:\n{said}"


class Report(BaseStateCallback):
    """Remembers which step failed where; what it said is complete only when the run has ended."""

    def __init__(self) -> None:
        self.failed: list[tuple[Host, str]] = []

    def operation_host_error(  # type: ignore[override]  # pyinfra calls it on the object it was given
        self, state: State, host: Host, op_hash: str, retry_count: int = 0, max_retries: int = 0
    ) -> None:
        self.failed.append((host, op_hash))

    def failures(self, run: State) -> list[Failure]:
        """Of the run that has ended; a host that failed outside of every step was lost."""
        found = [_failure(run, failed, op_hash) for failed, op_hash in self.failed]
        lost = sorted(str(host) for host in run.failed_hosts - {failed for failed, _ in self.failed})
        return found + [Failure(name) for name in lost]


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
    report = Report()
    state.add_callback_handler(report)  # type: ignore[no-untyped-call]
    atexit.register(_print, host.state, report)


def _print(run: State, report: Report) -> None:
    if not run.failed_hosts:
        return
    for failure in report.failures(run):
        click.secho("\n" + failure.text(), fg="red", err=True)
    names = ",".join(sorted(str(failed) for failed in run.failed_hosts))
    click.echo(
        f"\nNext: mend what it says, then the same command again, with --limit {names} for these alone", err=True
    )
