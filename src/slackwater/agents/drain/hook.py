"""The group's terminate hook as it is now: what the launch template said of it may have been changed since."""

from __future__ import annotations

import re
from dataclasses import dataclass

MEMBER = re.compile(r"<member>(.*?)</member>", re.DOTALL)
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"


@dataclass(frozen=True)
class Hook:
    """`heartbeat` in seconds."""

    name: str
    heartbeat: float


def found(said: str, known: Hook) -> Hook:
    """Of DescribeLifecycleHooks' answer the hook of that name, or the only one; `known` where there is no such one."""
    members = [member for member in MEMBER.findall(said) if _value(member, "LifecycleTransition") == TERMINATING]
    hooks = {
        name: Hook(name, _seconds(member, known)) for member in members if (name := _value(member, "LifecycleHookName"))
    }
    only = next(iter(hooks.values())) if len(hooks) == 1 else known
    return hooks.get(known.name, only)


def _seconds(member: str, known: Hook) -> float:
    said = _value(member, "HeartbeatTimeout")
    return float(said) if said.isdigit() else known.heartbeat


def _value(member: str, name: str) -> str:
    value = re.search(rf"<{name}>([^<]*)</{name}>", member)
    return value[1] if value else ""
