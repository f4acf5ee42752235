"""How long an operator waits for a host that is taken out or put back, before it is called late."""

from __future__ import annotations

from slackwater.settings import HostSettings

MARGIN = 30.0
"""Seconds beside the host's own: for the way there, and for an app that takes long to start."""
HOLD = 130.0
"""Seconds that the longest of AWS's load balancers still sends, and ten for the requests that come last."""
OTHERS = 25.0
"""Seconds of the steps that no setting bounds: the gate, the balancers' next question, listening to who asks, and what
systemd needs to stop the app."""


def lateness(told: HostSettings) -> float:
    """Seconds until a host that an operator takes out, or calls back, is reported as late.

    Nobody waits for such a leave, so no deadline binds it: each of its steps has its own time in full.
    """
    steps = OTHERS + max(told.drain.requests, HOLD) + told.server.effective_stop_timeout + told.drain.hooks
    return max(told.drain.deadline, steps) + MARGIN
