"""CloudWatch's alarms in time: evaluated once a minute, and what they set off."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from slackwater.lab.cloud.scaling.books import Values
from slackwater.lab.cloud.scaling.evaluation import ALARM, BEYOND, COMPARISONS, OK, UNKNOWN, state
from slackwater.lab.cloud.scaling.firing import Firing
from slackwater.lab.cloud.scaling.messages import Mail
from slackwater.lab.cloud.times import Times

EVERY = 60
"""Seconds between two evaluations (CloudWatch user guide, alarms of metrics with a resolution of a minute)."""
ACTIONS = {ALARM: "AlarmActions", OK: "OKActions", UNKNOWN: "InsufficientDataActions"}


class Watch:
    """`cloudwatch` is a boto3 client.

    An alarm on more than one metric, or on a percentile, changes by SetAlarmState only: moto does not reckon them.
    """

    def __init__(self, cloudwatch: Callable[[], Any], firing: Firing, mail: Mail, times: Times) -> None:
        self._cloudwatch, self.firing, self.mail, self.times = cloudwatch, firing, mail, times
        self._seen: dict[str, str] = {}
        self._minute = self._now()

    def tick(self) -> None:
        """Whoever is in ALARM sets off its policies again each minute; its topics hear of a change only."""
        if self._now() == self._minute:
            return
        self._minute = self._now()
        for alarm in self._alarms():
            if alarm.get("MetricName") and alarm.get("Statistic") and alarm["ComparisonOperator"] in COMPARISONS:
                self._evaluate(alarm)
        self.notice(again=True)

    def notice(self, *, again: bool = False) -> None:
        """Somebody may have set a state; with `again`, one that stays sets off policies too."""
        alarms = self._alarms()
        for alarm in alarms:
            before, after = self._seen.get(alarm["AlarmName"], OK), alarm["StateValue"]
            self._seen[alarm["AlarmName"]] = after
            if before != after or (again and after == ALARM):
                self._act(alarm, before)
        self._seen = {alarm["AlarmName"]: self._seen[alarm["AlarmName"]] for alarm in alarms}

    def _act(self, alarm: Values, before: str) -> None:
        if not alarm.get("ActionsEnabled", True):
            return
        for action in alarm.get(ACTIONS[alarm["StateValue"]], []):
            if ":scalingPolicy:" in action:
                self.firing.fire(action, alarm, _last(alarm))
            elif before != alarm["StateValue"] and action.startswith("arn:aws:sns:"):
                self.mail.alarm(action, alarm, before)

    def _evaluate(self, alarm: Values) -> None:
        values = self._values(alarm)
        found = state(alarm, values)
        known = [each for each in values if each is not None]
        if found != alarm["StateValue"] or known:
            data = json.dumps({"recentDatapoints": known, "threshold": alarm["Threshold"]})
            reason = f"{len(known)} datapoints were looked at: {known}"
            self._cloudwatch().set_alarm_state(
                AlarmName=alarm["AlarmName"], StateValue=found, StateReason=reason, StateReasonData=data
            )

    def _values(self, alarm: Values) -> list[float | None]:
        """Of whole periods, oldest first."""
        period = alarm["Period"]
        end = self._now() * EVERY // period * period
        count = alarm["EvaluationPeriods"] + BEYOND
        return [self._value(alarm, end - (count - number) * period) for number in range(count)]

    def _value(self, alarm: Values, start: int) -> float | None:
        begin = datetime.fromtimestamp(start, self.times.moment().tzinfo)
        found = self._cloudwatch().get_metric_statistics(
            Namespace=alarm["Namespace"],
            MetricName=alarm["MetricName"],
            Dimensions=alarm.get("Dimensions", []),
            StartTime=begin,
            EndTime=begin + timedelta(seconds=alarm["Period"]),
            Period=alarm["Period"],
            Statistics=[alarm["Statistic"]],
        )["Datapoints"]
        return float(found[0][alarm["Statistic"]]) if found else None

    def _alarms(self) -> list[Values]:
        pages = self._cloudwatch().get_paginator("describe_alarms").paginate()
        return [each for page in pages for each in page["MetricAlarms"]]

    def _now(self) -> int:
        """Minutes since 1970."""
        return int(self.times.moment().timestamp()) // EVERY


def _last(alarm: Values) -> float | None:
    """The metric's newest value, as the state's own data tell it."""
    try:
        points = json.loads(alarm.get("StateReasonData") or "{}").get("recentDatapoints") or [None]
    except ValueError:
        return None
    return None if points[-1] is None else float(points[-1])
