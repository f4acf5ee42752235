"""The machine goes down or reboots: systemd stops nginx and the app only once this agent has ended."""

from __future__ import annotations

from ..rules import Rules
from .cause import Cause, Found, Reach


def read(text: str, now: float, rules: Rules) -> Found | None:
    return Found(text, "the machine goes down")


# The app and the hooks are systemd's to stop and to run then: no new job is taken any more. An agent that starts finds
# a machine that is up.
SHUTDOWN = Cause("shutdown", Reach.OUT, read, outlives_boot=False, outlives_agent=False)
