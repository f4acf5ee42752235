"""The plan as pyinfra operations on the host `cloud`: a call each, so that a dry run shows what would be called."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from pyinfra import host
from pyinfra.api import FunctionCommand, StringCommand, operation

from slackwater.aws.apply import Run, story
from slackwater.aws.provision import Look, look, told
from slackwater.engine.operations import refuse_with
from slackwater.errors import CloudError, SlackwaterError

Commands = Generator[StringCommand | FunctionCommand, None, None]


@dataclass
class Steps:
    """The plan of this run and how far it is; `fault` is why it cannot be made, or ended early."""

    seen: Look | None = None
    run: Run | None = None
    fault: str = ""

    @property
    def names(self) -> list[str]:
        return [f"{call.name}: {call.reason}" for call in self.seen.plan.calls] if self.seen else []


def planned() -> Steps:
    """Of the current host; AWS is only asked. A fault stops this host alone, when its turn comes."""
    try:
        seen = look(told(host.state.inventory, host, Path.cwd()))
    except SlackwaterError as error:
        return Steps(fault=str(error))
    for note in seen.plan.notes:
        host.log(f"{seen.plan.group}: {note}")
    return Steps(seen, Run(seen.clients, host.log, time.sleep))


@operation()
def unchanged(steps: Steps) -> Commands:
    """Fails when there is no plan, when a host of this run has failed, or when AWS holds something else by now.

    Between showing what would change and changing it an operator thinks, and the autoscaler acts. After a failed host
    the template is left alone: new instances would fail in the same way.
    """
    if not steps.fault and host.state.is_executing and steps.names:
        steps.fault = _reason_to_stop(steps)
    if steps.fault:
        yield _refusal(steps.fault)


@operation()
def called(steps: Steps, index: int) -> Commands:
    """One call of the plan; after a failed one no further is made."""
    yield FunctionCommand(_carry_out, (steps, index), {})
    if steps.fault:
        yield _refusal(steps.fault)


def _reason_to_stop(steps: Steps) -> str:
    if failed := sorted(str(one) for one in host.state.failed_hosts):
        return f"{', '.join(failed)} failed in this run, and new instances would too: nothing was changed in AWS"
    try:
        changed = steps.seen.differences() if steps.seen else []
    except SlackwaterError as error:
        return str(error)
    return f"AWS holds something else than a moment ago ({', '.join(changed)}): run it again" if changed else ""


def _carry_out(steps: Steps, index: int) -> None:
    if steps.fault or steps.seen is None or steps.run is None:
        return
    calls = steps.seen.plan.calls
    try:
        steps.run.carry_out(calls[index])
    except CloudError as error:
        steps.fault = story(calls, index, str(error))


def _refusal(sentence: str) -> StringCommand:
    """A project that says `_sudo` for its hosts says it for this machine too, which may not know it."""
    command = refuse_with(sentence)
    command.connector_arguments["_sudo"] = False
    return command
