"""What the leave goes by: seconds, all of them told by the settings."""

from __future__ import annotations

from dataclasses import dataclass

CLOUD_LATENCY = 10.0
"""Seconds: the last word to the group is worth a second attempt."""


@dataclass(frozen=True)
class Rules:
    """What has a default here is the agent's own; the rest is declared, and its defaults are the settings'.

    `listen` is how long balancers must have been heard before nobody counts as nobody.
    `hold` is how long load balancers of AWS may still send after deregistration; 0 where there are none.
    """

    deadline: float
    requests: float
    stop: float
    hooks: float
    rebalance: float
    maintenance: float
    gate: float = 5.0
    balancers: float = 10.0
    listen: float = 5.0
    hold: float = 0.0
    workers: float = 0.0
    heartbeat: float = 60.0
    is_grouped: bool = False
