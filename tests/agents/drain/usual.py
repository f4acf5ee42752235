"""What a host's agent is told in tests that are about something else."""

from __future__ import annotations

from typing import Any

from slackwater.agents.drain.rules import Rules

TOLD = {"deadline": 180.0, "requests": 60.0, "stop": 40.0, "hooks": 30.0, "rebalance": 600.0, "maintenance": 600.0}


def usual(**told: Any) -> Rules:
    """With `told` in place of what it names."""
    return Rules(**{**TOLD, **told})
