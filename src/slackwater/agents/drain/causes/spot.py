"""AWS takes a spot instance back: two minutes, whatever it is doing.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
"""

from __future__ import annotations

import json

from ..rules import Rules
from .cause import Cause, Found, Reach, seconds

LIMIT = 110.0
"""Seconds of the 120: up to five until it is read, and some for what is under way when time is up."""
MARGIN = 5.0
"""Seconds before the moment that AWS names."""


def read(text: str, now: float, rules: Rules) -> Found | None:
    told = json.loads(text)
    action, end = str(told["action"]), seconds(told["time"])
    return Found(f"{action} {told['time']}", f"spot: {action} at {told['time']}", end=end - MARGIN)


# One that was stopped, not terminated, starts again: then it serves.
SPOT = Cause("spot", Reach.END, read, "spot/instance-action", limit=LIMIT, outlives_boot=False)
