"""How large a policy wants a group: pure computation, by the rules of the user guide's pages on scaling policies."""

from __future__ import annotations

import math
from dataclasses import dataclass

from slackwater.lab.cloud.scaling.books import Values

SIMPLE, STEP, TARGET, PREDICTIVE = "SimpleScaling", "StepScaling", "TargetTrackingScaling", "PredictiveScaling"


@dataclass(frozen=True)
class Sizes:
    """Of a group: who has just come still counts as coming, who is on the way out still counts as there."""

    minimum: int
    maximum: int
    desired: int
    warming: int = 0
    leaving: int = 0

    def within(self, size: int) -> int:
        return max(self.minimum, min(self.maximum, size))


def by_adjustment(policy: Values, sizes: Sizes, breach: float) -> int:
    """The size that a simple or a step policy wants; `breach` is the metric less the alarm's threshold."""
    amount = policy["ScalingAdjustment"] if policy["PolicyType"] == SIMPLE else _step(policy, breach)
    if amount is None:
        return sizes.desired
    if policy["AdjustmentType"] == "ExactCapacity":
        return sizes.within(int(amount))
    if amount >= 0:
        base = sizes.desired - sizes.warming
        return max(sizes.desired, sizes.within(base + _change(policy, base, amount)))
    base = sizes.desired + sizes.leaving
    return min(sizes.desired, sizes.within(base + _change(policy, base, amount)))


def by_target(policy: Values, sizes: Sizes, value: float) -> int:
    """In proportion to the metric. AWS does not publish its own reckoning; it is as careful on the way in."""
    target = float(policy["TargetTrackingConfiguration"]["TargetValue"])
    if value > target:
        return max(sizes.desired, sizes.within(math.ceil((sizes.desired - sizes.warming) * value / target)))
    if sizes.warming:
        return sizes.desired
    return min(sizes.desired, sizes.within(math.ceil(sizes.desired * value / target)))


def _step(policy: Values, breach: float) -> int | None:
    """The step whose interval holds the breach; the bound nearer to the threshold belongs to it, the other does not."""
    for step in policy["StepAdjustments"]:
        low = step.get("MetricIntervalLowerBound", -math.inf)
        high = step.get("MetricIntervalUpperBound", math.inf)
        if low <= breach < high if breach >= 0 and high > 0 else low < breach <= high:
            return int(step["ScalingAdjustment"])
    return None


def _change(policy: Values, base: int, amount: int) -> int:
    """Of a percentage: towards zero, and one instance at least."""
    if policy["AdjustmentType"] == "ChangeInCapacity":
        return amount
    exact = base * amount / 100
    change = math.trunc(exact) or (int(math.copysign(1, exact)) if exact else 0)
    least = policy.get("MinAdjustmentMagnitude", 0)
    return int(math.copysign(max(abs(change), least), amount))
