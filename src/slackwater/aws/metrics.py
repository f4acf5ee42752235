"""What a policy looks at, in the words of CloudWatch and of Auto Scaling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slackwater.aws.call import Ref
from slackwater.aws.target_group import FoundTargetGroup, key
from slackwater.settings import Metric, Policy, ScalingGroup

APPLICATION = "loadbalancer/app/"
PREDEFINED = {"cpu": "ASGAverageCPUUtilization", "requests_per_target": "ALBRequestCountPerTarget"}
PAIRS = {"cpu": "ASGCPUUtilization", "requests_per_target": "ALBRequestCount"}

TargetGroups = Mapping[str, FoundTargetGroup]


def alarm_metric(group: ScalingGroup, metric: Metric, target_groups: TargetGroups) -> dict[str, Any]:
    """As PutMetricAlarm takes it."""
    return {**_name(group, metric, target_groups), "Statistic": metric.statistic}


def _name(group: ScalingGroup, metric: Metric, target_groups: TargetGroups) -> dict[str, Any]:
    match metric.kind:
        case "cpu":
            of_group = dimensions({"AutoScalingGroupName": group.name})
            return {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization", "Dimensions": of_group}
        case "requests_per_target":
            of_it = [{"Name": "TargetGroup", "Value": _target_group(str(metric.target_group), target_groups)}]
            return {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCountPerTarget", "Dimensions": of_it}
        case _:
            found = dimensions(metric.dimensions)
            return {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": found}


def tracked_metric(metric: Metric, target_groups: TargetGroups) -> dict[str, Any]:
    """As TargetTrackingConfiguration takes it."""
    if metric.kind == "custom":
        custom = {
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Dimensions": dimensions(metric.dimensions),
            "Statistic": metric.statistic,
        }
        return {"CustomizedMetricSpecification": custom}
    predefined = {"PredefinedMetricType": PREDEFINED[metric.kind], **_label(metric, target_groups)}
    return {"PredefinedMetricSpecification": predefined}


def forecast_metric(metric: Metric, target_groups: TargetGroups) -> dict[str, Any]:
    """As PredictiveScalingConfiguration takes it: a pair, the load and what is held."""
    pair = {"PredefinedMetricType": PAIRS[metric.kind], **_label(metric, target_groups)}
    return {"PredefinedMetricPairSpecification": pair}


def dimensions(told: Mapping[str, str]) -> list[dict[str, str]]:
    """In the order of their names: AWS gives them back in any."""
    return [{"Name": name, "Value": told[name]} for name in sorted(told)]


def is_waiting(policy: Policy, target_groups: TargetGroups) -> bool:
    """Its label names the Application Load Balancer that counts, and nobody has pointed one to the target group yet."""
    if policy.kind == "step" or policy.metric.kind != "requests_per_target":
        return False
    found = target_groups.get(str(policy.metric.target_group))
    return found is None or not _balancers(found)


def _target_group(name: str, target_groups: TargetGroups) -> str | Ref:
    found = target_groups.get(name)
    return found.arn.rpartition(":")[2] if found else Ref(key(name), after=":")


def _label(metric: Metric, target_groups: TargetGroups) -> dict[str, str]:
    """`app/<load balancer>/<id>/targetgroup/<name>/<id>`."""
    if metric.kind != "requests_per_target":
        return {}
    found = target_groups[str(metric.target_group)]
    return {"ResourceLabel": f"app/{_balancers(found)[0]}/{found.arn.rpartition(':')[2]}"}


def _balancers(found: FoundTargetGroup) -> list[str]:
    """`<name>/<id>` of each Application Load Balancer before it, in an order that does not change."""
    parts = (arn.partition(APPLICATION) for arn in sorted(found.load_balancers))
    return [rest for _, is_application, rest in parts if is_application]
