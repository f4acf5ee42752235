"""Spot: how much of the group may be taken back by AWS at two minutes' notice."""

from __future__ import annotations

from typing import Literal, get_args

from slackwater.settings._base import Settings
from slackwater.settings._fields import choice, whole

Allocation = Literal["price-capacity-optimized", "capacity-optimized", "capacity-optimized-prioritized", "lowest-price"]
OnDemandAllocation = Literal["prioritized", "lowest-price"]


class Spot(Settings):
    """Spot instances beside the others, from all of the group's instance types."""

    share: int = whole(50, "Spot's part of what is above `base`.", unit="percent", most=100)
    base: int = whole(0, "So many instances are never spot.", unit="instances")
    allocation: Allocation = choice(
        "price-capacity-optimized", "How AWS chooses among the spot pools.", get_args(Allocation)
    )
    on_demand_allocation: OnDemandAllocation = choice(
        "prioritized",
        "How it chooses the others: in the order of instance_types, or by price.",
        get_args(OnDemandAllocation),
    )
