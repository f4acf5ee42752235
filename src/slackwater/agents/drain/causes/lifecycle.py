"""The scaling group takes the instance out: scale-in, refresh, rebalancing, an unhealthy or too old instance.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html
"""

from __future__ import annotations

from ..rules import Rules
from .cause import Cause, Found, Reach

ENDS = {"Terminated", "Warmed:Terminated"}
"""It is the state that the instance is on its way to; one that waits in Pending:Wait reads `InService` already."""


def read(text: str, now: float, rules: Rules) -> Found | None:
    state = text.strip()
    return Found(state, f"the scaling group takes it to {state}") if state in ENDS else None


LIFECYCLE = Cause("lifecycle", Reach.END, read, "autoscaling/target-lifecycle-state", interval=2.0)
