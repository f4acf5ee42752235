"""The two alarms that a target tracking policy makes for itself."""

from __future__ import annotations

from slackwater.lab.cloud.errors import invalid
from slackwater.lab.cloud.scaling.books import Values

BY_GROUP = {
    "ASGAverageCPUUtilization": "CPUUtilization",
    "ASGAverageNetworkIn": "NetworkIn",
    "ASGAverageNetworkOut": "NetworkOut",
}
BY_TARGET = "ALBRequestCountPerTarget"
HIGH_PERIODS, LOW_PERIODS = 3, 15
"""Minutes above the target, or below nine tenths of it; what AWS has been seen to make, which is not documented."""


def of_target_tracking(group: str, policy: Values) -> dict[str, Values]:
    """By side; without scale-in there is none for the low side."""
    configuration = policy["TargetTrackingConfiguration"]
    metric, target = _metric(group, configuration), float(configuration["TargetValue"])
    alarms = {"AlarmHigh": _alarm(metric, "GreaterThanThreshold", target, HIGH_PERIODS)}
    if not configuration["DisableScaleIn"]:
        alarms["AlarmLow"] = _alarm(metric, "LessThanThreshold", target * 0.9, LOW_PERIODS)
    return alarms


def _alarm(metric: Values, comparison: str, threshold: float, periods: int) -> Values:
    return {**metric, "ComparisonOperator": comparison, "Threshold": threshold, "EvaluationPeriods": periods}


def _metric(group: str, configuration: Values) -> Values:
    if custom := configuration.get("CustomizedMetricSpecification"):
        return _custom(custom)
    asked = configuration.get("PredefinedMetricSpecification", {})
    kind = asked.get("PredefinedMetricType")
    if kind in BY_GROUP:
        dimensions = [{"Name": "AutoScalingGroupName", "Value": group}]
        names = {"Namespace": "AWS/EC2", "MetricName": BY_GROUP[kind], "Statistic": "Average"}
    elif kind == BY_TARGET:
        dimensions = _of_label(asked.get("ResourceLabel", ""))
        names = {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCountPerTarget", "Statistic": "Sum"}
    else:
        raise invalid(f"PredefinedMetricType {kind} is not valid")
    return {**names, "Dimensions": dimensions, "Period": 60}


def _of_label(label: str) -> list[Values]:
    """`app/NAME/ID/targetgroup/NAME/ID` (API reference, PredefinedMetricSpecification)."""
    parts = label.split("/")
    if len(parts) != 6 or (parts[0], parts[3]) != ("app", "targetgroup"):
        raise invalid(f"ResourceLabel {label!r} is not app/NAME/ID/targetgroup/NAME/ID")
    balancer = {"Name": "LoadBalancer", "Value": "/".join(parts[:3])}
    return [balancer, {"Name": "TargetGroup", "Value": "/".join(parts[3:])}]


def _custom(custom: Values) -> Values:
    if "Metrics" in custom:
        return {"Metrics": [_query(each) for each in custom["Metrics"]]}
    names: Values = {name: custom[name] for name in ("Namespace", "MetricName", "Statistic", "Unit") if name in custom}
    return {**names, "Dimensions": custom.get("Dimensions", []), "Period": custom.get("Period", 60)}


def _query(each: Values) -> Values:
    """A TargetTrackingMetricDataQuery as CloudWatch's own MetricDataQuery."""
    query: Values = {name: each[name] for name in ("Id", "Expression", "Label", "ReturnData") if name in each}
    if stat := each.get("MetricStat"):
        query["MetricStat"] = {"Period": 60, **stat}
    return query
