"""Drain: how a host leaves without losing a request."""

from __future__ import annotations

from slackwater.settings._base import Settings
from slackwater.settings._fields import whole


class Drain(Settings):
    """What a leaving instance does is bounded by one deadline, from the first sign until it may be terminated."""

    deadline: int = whole(
        180, "All of a leave together; what is still running then is ended.", unit="seconds", least=10, most=172800
    )
