"""How full a warm pool is to be."""

from __future__ import annotations

from slackwater.lab.cloud.scaling.books import Group

STOPPED = ("Stopped", "Hibernated")


def wanted_size(group: Group) -> int:
    """What is prepared in all, less what the group has (API reference, PutWarmPool)."""
    if group.warm_pool is None:
        return 0
    prepared = int(group.warm_pool.get("MaxGroupPreparedCapacity", group.maximum))
    return max(int(group.warm_pool["MinSize"]), prepared - group.desired)
