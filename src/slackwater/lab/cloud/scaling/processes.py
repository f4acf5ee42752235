"""A group's processes, suspended and resumed, and its metrics."""

from __future__ import annotations

from slackwater.lab.cloud.errors import invalid
from slackwater.lab.cloud.scaling.books import Books, Values, now
from slackwater.lab.cloud.scaling.engine import Engine

ALL = (
    "Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh",
    "ReplaceUnhealthy", "ScheduledActions",
)  # fmt: skip
METRICS = (
    "GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances",
    "GroupStandbyInstances", "GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity",
    "GroupPendingCapacity", "GroupStandbyCapacity", "GroupTerminatingCapacity", "GroupTotalCapacity",
    "WarmPoolDesiredCapacity", "WarmPoolWarmedCapacity", "WarmPoolPendingCapacity", "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity", "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity",
)  # fmt: skip


class Processes:
    """With Launch suspended nothing is launched; what is missing comes when it is resumed."""

    def __init__(self, books: Books, engine: Engine) -> None:
        self.books, self.engine = books, engine

    def suspend_processes(self, asked: Values) -> None:
        group = self.books.group(asked["AutoScalingGroupName"])
        for name in _named(asked):
            group.suspended.setdefault(name, f"User suspended at {now():%Y-%m-%dT%H:%M:%SZ}")

    def resume_processes(self, asked: Values) -> None:
        group = self.books.group(asked["AutoScalingGroupName"])
        for name in _named(asked):
            group.suspended.pop(name, None)
        self.engine.reconcile(group)

    def enable_metrics_collection(self, asked: Values) -> None:
        group = self.books.group(asked["AutoScalingGroupName"])
        wanted = asked.get("Metrics") or METRICS
        if unknown := set(wanted) - set(METRICS):
            raise invalid(f"Metric {sorted(unknown)[0]} is not valid")
        group.metrics = [name for name in METRICS if name in {*wanted, *group.metrics}]

    def disable_metrics_collection(self, asked: Values) -> None:
        group = self.books.group(asked["AutoScalingGroupName"])
        gone = asked.get("Metrics") or METRICS
        group.metrics = [name for name in group.metrics if name not in gone]


def _named(asked: Values) -> tuple[str, ...]:
    """None named is all."""
    names = tuple(asked.get("ScalingProcesses") or ALL)
    if unknown := set(names) - set(ALL):
        raise invalid(f"{sorted(unknown)[0]} is not a valid process type.")
    return names
