"""The breaker from an operator's machine: `slackwater watch`, and what `slackwater status` says of it.

The policy is the agent's own (`slackwater.agents.breaker`): whoever watches decides the same.
"""

from __future__ import annotations

from typing import Any

from slackwater.agents.breaker.look import aws_client
from slackwater.agents.breaker.policy import Rules
from slackwater.agents.breaker.watch import Log, Watch
from slackwater.errors import SettingsError
from slackwater.person import machine, user
from slackwater.settings import ScalingGroup


def watch_of(group: ScalingGroup, log: Log) -> Watch:
    """Raises SettingsError when the group has no breaker."""
    return Watch(_rules(group), lambda: _client(group), log)


def _client(group: ScalingGroup) -> Any:
    return aws_client(group.region, group.endpoint)


def _rules(group: ScalingGroup) -> Rules:
    if group.breaker is None:
        raise SettingsError(
            f"scaling_group {group.name} has no breaker: give it `breaker=Breaker(failures=3, expiry=3600)` "
            "in group_data/cloud.py. What one has suspended that was declared before, `slackwater apply` lifts"
        )
    return Rules(group.name, group.breaker.failures, group.breaker.expiry, f"{user()}@{machine()}")
