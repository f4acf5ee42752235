"""A command on a lab host that must succeed."""

from __future__ import annotations

from slackwater.errors import LabError
from slackwater.lab.host import COMMAND_LIMIT, LabHost


def out(host: LabHost, command: str, text: str | None = None, *, timeout: float = COMMAND_LIMIT) -> str:
    """What it printed; `text` is what it reads. LabError, with all that it said, when its status is not 0."""
    done = host.ssh(command, input=text, timeout=timeout)
    if done.returncode:
        raise LabError(f"{host.name}: {command} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()
