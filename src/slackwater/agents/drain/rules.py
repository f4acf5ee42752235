"""What the leave goes by: seconds, all of them told by the settings."""

from __future__ import annotations

from dataclasses import dataclass

CLOUD_LATENCY = 10.0
"""Seconds: the last word to the group is worth a second attempt."""


@dataclass(frozen=True)
class Rules:
    """`listen` is how long balancers must have been heard before nobody counts as nobody.

    `hold` is how long load balancers of AWS may still send after deregistration; 0 where there are none.
    """

    deadline: float = 180.0
    gate: float = 5.0
    balancers: float = 10.0
    listen: float = 5.0
    requests: float = 60.0
    hold: float = 0.0
    stop: float = 40.0
    workers: float = 0.0
    hooks: float = 30.0
    rebalance: float = 600.0
    maintenance: float = 600.0
    heartbeat: float = 60.0
    is_grouped: bool = False
