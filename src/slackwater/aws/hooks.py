"""Lifecycle hooks: made with the group, so that no instance boots before them; put again where they drifted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from slackwater.aws.call import Call, drift
from slackwater.aws.clients import Clients
from slackwater.errors import CloudError
from slackwater.settings import ScalingGroup

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
ENDS = "no longer declared; AWS lets whoever waits on it go on: ABANDON at launch, CONTINUE at termination"
WAITING = {
    LAUNCHING: ("Pending", "Pending:Wait"),
    TERMINATING: ("Terminating", "Terminating:Wait"),
}
"""The states of an instance that waits on such a hook, or is about to."""

Hooks = Mapping[str, Mapping[str, Any]]
"""By name, what AWS holds of them."""


def wanted_hooks(group: ScalingGroup) -> list[dict[str, Any]]:
    """As CreateAutoScalingGroup takes them, and PutLifecycleHook with the group's name."""
    declared = ((group.hooks.launch, LAUNCHING), (group.hooks.terminate, TERMINATING))
    return [
        {
            "LifecycleHookName": hook.name,
            "LifecycleTransition": transition,
            "HeartbeatTimeout": hook.heartbeat,
            "DefaultResult": hook.default,
        }
        for hook, transition in declared
        if hook is not None
    ]


def observe_hooks(clients: Clients, group: ScalingGroup) -> Hooks:
    """Of a group that exists."""
    place = {"AutoScalingGroupName": group.name}
    found = clients.pages("autoscaling", "describe_lifecycle_hooks", "LifecycleHooks", **place)
    return {hook["LifecycleHookName"]: hook for hook in found}


def plan_hooks(group: ScalingGroup, found: Hooks, states: Iterable[str] = ()) -> list[Call]:
    """What is wanted first: between the two calls an instance has one hook too many, never one too few.

    `states` are those of the group's instances. Raises CloudError while one waits on a hook that is to go.
    """
    place = {"AutoScalingGroupName": group.name}
    wanted = wanted_hooks(group)
    names = [hook["LifecycleHookName"] for hook in wanted]
    puts = [
        Call("autoscaling", "put_lifecycle_hook", place | hook, reason)
        for hook in wanted
        if (reason := _reason(hook, found.get(hook["LifecycleHookName"])))
    ]
    surplus = [name for name in sorted(found) if name not in names]
    _refuse_while_waited_on(group, [found[name] for name in surplus], tuple(states))
    deletions = [
        Call("autoscaling", "delete_lifecycle_hook", place | {"LifecycleHookName": name}, ENDS) for name in surplus
    ]
    return [*puts, *deletions]


def _refuse_while_waited_on(group: ScalingGroup, surplus: Iterable[Mapping[str, Any]], states: tuple[str, ...]) -> None:
    """To leave the hook beside a new one would hold every new instance on it, for nobody ends its wait there."""
    for hook in surplus:
        if waiting := sum(state in WAITING.get(hook["LifecycleTransition"], ()) for state in states):
            raise CloudError(
                f"{group.name}: the hook {hook['LifecycleHookName']} is no longer declared, and {waiting} "
                f"instance{'' if waiting == 1 else 's'} may wait on it: without it AWS would abandon who arrives, and "
                "end who drains in the middle of its requests. Run this again when they are through"
            )


def _reason(wanted: Mapping[str, Any], found: Mapping[str, Any] | None) -> str:
    return "new" if found is None else "; ".join(drift(wanted, found))
