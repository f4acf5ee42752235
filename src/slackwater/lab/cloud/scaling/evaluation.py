"""The state of an alarm from its metric's values: pure computation, by CloudWatch's user guide."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from slackwater.lab.cloud.scaling.books import Values

OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"
BEYOND = 2
"""Periods that are looked at beyond those that count, for values in place of missing ones."""
FILLED = {"breaching": True, "notBreaching": False}
"""What a missing value counts as, by TreatMissingData."""
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def state(alarm: Values, values: Sequence[float | None]) -> str:
    """`values` are of EvaluationPeriods + BEYOND periods, oldest first; None where there was none."""
    count = alarm["EvaluationPeriods"]
    enough = alarm.get("DatapointsToAlarm") or count
    points = [None if each is None else _breaches(alarm, each) for each in values]
    known = [each for each in points if each is not None][-count:]
    missing = count - len(known)
    if missing and (filled := FILLED.get(alarm.get("TreatMissingData") or "missing")) is not None:
        known += [filled] * missing
    elif missing and alarm.get("TreatMissingData") == "ignore":
        return str(alarm["StateValue"])
    elif missing:
        return _of_few(alarm, points[-count:], known, enough)
    return ALARM if sum(known) >= enough else OK


def _of_few(alarm: Values, recent: Sequence[bool | None], known: Sequence[bool], enough: int) -> str:
    """What is missing counts as nothing: an old breach and silence after it are an alarm, a young one is not yet."""
    if not known:
        return UNKNOWN
    silent_after = True in recent and False not in recent[recent.index(True) :]
    is_old = True in recent and len(recent) - recent.index(True) >= enough
    if sum(known) >= enough or (silent_after and is_old):
        return ALARM
    return str(alarm["StateValue"]) if all(known) else OK


def _breaches(alarm: Values, value: float) -> bool:
    return COMPARISONS[alarm["ComparisonOperator"]](value, alarm["Threshold"])
