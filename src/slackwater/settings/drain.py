"""Drain: how a host leaves without losing a request."""

from __future__ import annotations

from slackwater.settings._base import Settings
from slackwater.settings._fields import whole


class Drain(Settings):
    """What a leaving instance does is bounded by one deadline, from the first sign until it may be terminated."""

    deadline: int = whole(
        240, "All of a leave together; what is still running then is ended.", unit="seconds", least=10, most=172800
    )
    requests: int = whole(
        60,
        "Requests in flight may take so long; then the app's own stop ends them, WebSockets with code 1012.",
        unit="seconds",
        least=1,
        most=172800,
    )
    hooks: int = whole(
        30, "All of /etc/slackwater/drain.d together, and writing out the logs.", unit="seconds", least=1, most=3600
    )
    rebalance: int = whole(
        600,
        "After a rebalance recommendation that no interruption follows, the host serves again.",
        unit="seconds",
        least=60,
        most=86400,
    )
    maintenance: int = whole(
        600, "So long before maintenance that AWS has scheduled the host leaves.", unit="seconds", most=86400
    )
