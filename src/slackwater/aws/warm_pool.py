"""The warm pool: instances that are provisioned beforehand and wait, stopped, to be put into service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slackwater.aws.call import Call, Wait, drift
from slackwater.aws.clients import Clients
from slackwater.settings import ScalingGroup

GOING = "PendingDelete"
DELETION = 3600
"""Seconds: the pool's instances run the terminate hook before they go; without an end, apply could wait for ever."""
FIELDS = ("MinSize", "MaxGroupPreparedCapacity", "PoolState", "InstanceReusePolicy", "Status")


def wanted_warm_pool(group: ScalingGroup) -> dict[str, Any] | None:
    """The arguments of PutWarmPool; None for a group without one."""
    pool = group.warm_pool
    if pool is None:
        return None
    return {
        "AutoScalingGroupName": group.name,
        "MinSize": pool.minimum,
        # -1 is AWS's word for "as many as the group's maximum allows", and takes back a number given before.
        "MaxGroupPreparedCapacity": -1 if pool.prepared is None else pool.prepared,
        "PoolState": pool.state,
        "InstanceReusePolicy": {"ReuseOnScaleIn": pool.reuse_on_scale_in},
    }


def observe_warm_pool(clients: Clients, group: ScalingGroup) -> Mapping[str, Any] | None:
    """None where there is none."""
    found = clients.ask("autoscaling", "describe_warm_pool", AutoScalingGroupName=group.name)
    pool = found.get("WarmPoolConfiguration")
    return {each: pool[each] for each in FIELDS if each in pool} if pool else None


def plan_warm_pool(group: ScalingGroup, found: Mapping[str, Any] | None) -> list[Call]:
    wanted = wanted_warm_pool(group)
    if wanted is None:
        return [] if found is None or found.get("Status") == GOING else [delete_warm_pool(group, "no longer declared")]
    if found is None:
        return [_put(wanted, "new")]
    if found.get("Status") == GOING:
        return [warm_pool_until_gone(group), _put(wanted, "new")]
    changes = _changes(wanted, found)
    return [_put(wanted, "; ".join(changes))] if changes else []


def _changes(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """AWS leaves out what stands at its default."""
    defaults = {"MaxGroupPreparedCapacity": -1, "MinSize": 0, "PoolState": "Stopped"}
    reuse = {"ReuseOnScaleIn": False, **found.get("InstanceReusePolicy", {})}
    declared = {each: value for each, value in wanted.items() if each != "AutoScalingGroupName"}
    return drift(declared, {**defaults, **found, "InstanceReusePolicy": reuse})


def _put(wanted: Mapping[str, Any], reason: str) -> Call:
    return Call("autoscaling", "put_warm_pool", wanted, reason)


def delete_warm_pool(group: ScalingGroup, reason: str) -> Call:
    """Without force: the instances leave by their hook, as the group's own do."""
    where = {"AutoScalingGroupName": group.name}
    again = ("ScalingActivityInProgress", "ResourceInUse")
    return Call("autoscaling", "delete_warm_pool", where, reason, wait=_gone(group), again=again)


def warm_pool_until_gone(group: ScalingGroup) -> Call:
    """AWS refuses a pool while the one before it is still being deleted."""
    where = {"AutoScalingGroupName": group.name}
    return Call("autoscaling", "describe_warm_pool", where, "the former one is still being deleted", wait=_gone(group))


def _gone(group: ScalingGroup) -> Wait:
    where = {"AutoScalingGroupName": group.name}
    return Wait("describe_warm_pool", where, "WarmPoolConfiguration", None, "the warm pool is emptied", DELETION)
