"""What of a policy's fields is each right and together wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from slackwater.settings._faults import Fault

if TYPE_CHECKING:
    from slackwater.settings.scaling.policy import Policy

# CloudWatch accepts these and multiples of a minute; a whole alarm looks at no more than a day.
SHORT_PERIODS = (10, 20, 30)
LONGEST_LOOK = 86400
MOST_STEPS = 20


def policy_conflicts(policy: Policy) -> Iterator[Fault]:
    if not policy.metric.is_sound:
        return
    if policy.kind == "step":
        yield from _threshold(policy)
        yield from _adjustment(policy)
        yield from _steps(policy)
        yield from _alarm(policy)
    else:
        yield from _value(policy)


def _threshold(policy: Policy) -> Iterator[Fault]:
    told = [value for value in (policy.above, policy.below) if value is not None]
    if len(told) != 1:
        yield policy.fault("above", "must be given, or below: exactly one of the two")
    elif not math.isfinite(told[0]):
        yield policy.fault("above" if policy.above is not None else "below", "must be a finite number")


def _adjustment(policy: Policy) -> Iterator[Fault]:
    for location, number in _adjustments(policy):
        if policy.adjustment_type == "ExactCapacity":
            if number < 0:
                yield policy.fault(location, "must be at least 0: it is the group's new size")
        elif policy.above is not None and number <= 0:
            yield policy.fault(location, "must be at least 1: the group grows when the metric is above")
        elif policy.below is not None and number >= 0:
            yield policy.fault(location, "must be at most -1: the group shrinks when the metric is below")


def _adjustments(policy: Policy) -> Iterator[tuple[str, int]]:
    if policy.adjustment is not None:
        yield "adjustment", policy.adjustment
    yield from (("steps", number) for number in policy.steps.values())


def _steps(policy: Policy) -> Iterator[Fault]:
    threshold = policy.above if policy.above is not None else policy.below
    if threshold is None:
        return
    sign = 1 if policy.above is not None else -1
    if any(not math.isfinite(bound) or sign * (bound - threshold) <= 0 for bound in policy.steps):
        where = "above" if sign > 0 else "below"
        yield policy.fault("steps", f"must each begin {where} the threshold ({threshold:g})")
    if len(policy.steps) >= MOST_STEPS:
        yield policy.fault("steps", f"must be at most {MOST_STEPS - 1}")


def _alarm(policy: Policy) -> Iterator[Fault]:
    if policy.period not in SHORT_PERIODS and policy.period % 60:
        yield policy.fault("period", "must be 10, 20, 30 or a multiple of 60 seconds")
    if policy.seconds > LONGEST_LOOK:
        yield policy.fault("periods", f"must be at most {LONGEST_LOOK // policy.period}: an alarm looks at one day")
    if policy.period < 60 and policy.metric.kind != "custom":
        yield policy.fault("period", "must be at least 60 seconds: AWS measures this metric once a minute")


def _value(policy: Policy) -> Iterator[Fault]:
    if policy.value is None or not (math.isfinite(policy.value) and policy.value > 0):
        yield policy.fault("value", "must be a finite number greater than 0")
    if policy.kind == "predictive" and policy.metric.kind == "custom":
        yield policy.fault("metric", "must be Metric.cpu() or Metric.requests_per_target(…) for a prediction")
