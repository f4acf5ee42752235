"""Warm pools: instances that were prepared and wait outside the group until it grows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slackwater.lab.cloud.errors import invalid
from slackwater.lab.cloud.scaling.books import Books, Values, page
from slackwater.lab.cloud.scaling.describe import instance
from slackwater.lab.cloud.scaling.engine import Engine

KEPT = ("MaxGroupPreparedCapacity", "MinSize", "PoolState", "InstanceReusePolicy")


class WarmPools:
    """The engine keeps the pool as full as the group asks for."""

    def __init__(self, books: Books, engine: Engine) -> None:
        self.books, self.engine = books, engine

    def put_warm_pool(self, asked: Values) -> None:
        """What is not passed keeps its value; -1 takes MaxGroupPreparedCapacity away.

        Several types are no hindrance: AWS's API reference said so until 2025, and says it no more.
        """
        group = self.books.group(asked["AutoScalingGroupName"])
        if _has_spot(group.settings.get("MixedInstancesPolicy", {})):
            raise invalid("You can't add a warm pool to an Auto Scaling group that launches Spot Instances.")
        before = group.warm_pool or {"MinSize": 0, "PoolState": "Stopped"}
        pool = {**before, **{name: asked[name] for name in KEPT if name in asked}}
        prepared = pool.get("MaxGroupPreparedCapacity", -1)
        if prepared == -1:
            pool.pop("MaxGroupPreparedCapacity", None)
        elif prepared < group.minimum:
            raise invalid("MaxGroupPreparedCapacity must not be less than the group's minimum size")
        group.warm_pool = pool
        self.engine.warm_pool.fill(group)

    def describe_warm_pool(self, asked: Values) -> Mapping[str, Any]:
        group = self.books.group(asked["AutoScalingGroupName"])
        some, more = page([instance(each) for each in group.warm], asked)
        return {"WarmPoolConfiguration": group.warm_pool, "Instances": some, "NextToken": more}

    def delete_warm_pool(self, asked: Values) -> None:
        group = self.books.group(asked["AutoScalingGroupName"])
        if group.warm_pool is None:
            raise invalid(f"No warm pool found for AutoScalingGroup '{group.name}'")
        group.warm_pool = None
        self.engine.warm_pool.fill(group)


def _has_spot(policy: Values) -> bool:
    return bool(policy.get("InstancesDistribution", {}).get("OnDemandPercentageAboveBaseCapacity", 100) < 100)
