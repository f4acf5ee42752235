"""Which version of each secret of AWS a host sees with its own role: what its slot is named after, never the value."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from slackwater.engine.facts import Lines
from slackwater.engine.memory import ask
from slackwater.engine.programs import sent_along
from slackwater.settings import App, Secret

RESOLVE = ("metadata", "dial", "signed", "slots.resolve")
UNREADABLE = "what it says of its secrets cannot be read"


@dataclass(frozen=True)
class Seen:
    """`versions` by variable; `fault` says why there are none."""

    versions: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


def hashed(secret: Secret) -> str:
    """SHA-256 in hexadecimal, for who must only recognise the value. Raises SettingsError when it cannot be read."""
    return hashlib.sha256(secret.read().encode()).hexdigest()


def secrets_seen(app: App) -> Seen:
    """Asked with the agent's own code, sent along: a host that was never converged has it not yet."""
    wanted = {name: secret.reference() for name, secret in sorted(app.secrets.items()) if secret.is_of_the_instance}
    if not wanted:
        return Seen()
    words = f"python3 -I - {shlex.quote(json.dumps(wanted))}"
    lines: list[str] | None = ask(Lines, command=f"{words} <<'RESOLVE'\n{sent_along(*RESOLVE)}RESOLVE")
    return Seen(fault=UNREADABLE) if not lines else _parsed(lines[-1])


def _parsed(line: str) -> Seen:
    try:
        said = json.loads(line)
        return Seen(dict(said.get("versions") or {}), str(said.get("fault") or ""))
    except (ValueError, AttributeError):
        return Seen(fault=UNREADABLE)
