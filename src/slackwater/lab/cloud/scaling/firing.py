"""What a policy does when an alarm or a user sets it off."""

from __future__ import annotations

from slackwater.lab.cloud.errors import AwsError, invalid
from slackwater.lab.cloud.scaling.adjusting import PREDICTIVE, SIMPLE, STEP, TARGET, Sizes, by_adjustment, by_target
from slackwater.lab.cloud.scaling.books import IN_SERVICE, Books, Group, Values
from slackwater.lab.cloud.scaling.engine import Engine


class Firing:
    """A policy that is switched off, and a group whose AlarmNotification is suspended, do nothing."""

    def __init__(self, books: Books, engine: Engine) -> None:
        self.books, self.engine = books, engine

    def fire(self, arn: str, alarm: Values, value: float | None) -> None:
        """`value` is the metric's; without one it is taken to lie at the alarm's threshold."""
        for group in list(self.books.groups.values()):
            for policy in group.policies.values():
                if policy["PolicyARN"] == arn and policy["Enabled"] and "AlarmNotification" not in group.suspended:
                    reading = alarm["Threshold"] if value is None else value
                    cause = f"a monitor alarm {alarm['AlarmName']} in state {alarm['StateValue']} triggered policy"
                    self._execute(group, policy, reading, alarm["Threshold"], f"{cause} {policy['PolicyName']}")

    def execute_policy(self, asked: Values) -> None:
        """By hand; HonorCooldown is for simple policies."""
        group, policy = self._find(asked)
        kind = policy["PolicyType"]
        if kind in (TARGET, PREDICTIVE):
            raise invalid(f"Policy type {kind} can't be executed")
        if kind == STEP and not {"MetricValue", "BreachThreshold"} <= set(asked):
            raise invalid("MetricValue and BreachThreshold are required for a policy of type StepScaling")
        if kind == SIMPLE and asked.get("HonorCooldown") and self._is_cooling(group, policy):
            raise AwsError("ScalingActivityInProgress", "The cooldown period is not over yet.")
        threshold = asked.get("BreachThreshold", 0.0)
        reading, cause = asked.get("MetricValue", threshold), f"a user request executed policy {policy['PolicyName']}"
        self._change(group, policy, by_adjustment(policy, self._sizes(group, policy), reading - threshold), cause)

    def _execute(self, group: Group, policy: Values, value: float, threshold: float, cause: str) -> None:
        sizes, kind = self._sizes(group, policy), policy["PolicyType"]
        if kind == SIMPLE and self._is_cooling(group, policy):
            return
        if kind == TARGET:
            self._change(group, policy, by_target(policy, sizes, value), cause)
        elif kind in (SIMPLE, STEP):
            self._change(group, policy, by_adjustment(policy, sizes, value - threshold), cause)

    def _change(self, group: Group, policy: Values, size: int, cause: str) -> None:
        before = group.desired
        if size == before or (size < before and any("Pending" in each.state for each in group.members)):
            return  # it does not shrink while it still grows
        group.desired = size
        if policy["PolicyType"] == SIMPLE:
            group.cooled = self.engine.clock() + _seconds(policy, "Cooldown", group.settings["DefaultCooldown"])
        there = {each.id for each in group.members}
        self.engine.reconcile(group, f"{cause} changing the desired capacity from {before} to {size}.")
        for member in [each for each in group.members if each.id not in there]:
            member.is_new = True

    def _is_cooling(self, group: Group, policy: Values) -> bool:
        return self.engine.clock() < group.cooled

    def _sizes(self, group: Group, policy: Values) -> Sizes:
        if policy["PolicyType"] == SIMPLE:
            return Sizes(group.minimum, group.maximum, group.desired)
        default = _seconds(group.settings, "DefaultInstanceWarmup", group.settings["DefaultCooldown"])
        warm = self.engine.clock() - _seconds(policy, "EstimatedInstanceWarmup", default)
        there = group.counted()
        warming = [each for each in there if each.is_new and (each.state != IN_SERVICE or each.since > warm)]
        leaving = [each for each in group.members if each.is_leaving]
        return Sizes(group.minimum, group.maximum, group.desired, len(warming), len(leaving))

    def _find(self, asked: Values) -> tuple[Group, Values]:
        for group in self.books.groups.values():
            if asked.get("AutoScalingGroupName") in (None, group.name, group.arn):
                for name, policy in group.policies.items():
                    if asked["PolicyName"] in (name, policy["PolicyARN"]):
                        return group, policy
        raise invalid(f"No policy found with name {asked['PolicyName']}")


def _seconds(values: Values, name: str, default: float) -> float:
    return float(values.get(name, default))
