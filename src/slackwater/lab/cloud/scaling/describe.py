"""How a group and its members look to those who ask."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from slackwater.lab.cloud.errors import AwsError
from slackwater.lab.cloud.scaling.books import Group, Member, Values
from slackwater.lab.cloud.templates import Templates

DISTRIBUTION = {
    "OnDemandAllocationStrategy": "prioritized",
    "OnDemandBaseCapacity": 0,
    "OnDemandPercentageAboveBaseCapacity": 100,
    "SpotAllocationStrategy": "lowest-price",
}
"""What AWS fills in (API reference, InstancesDistribution)."""


def described(group: Group, templates: Templates) -> dict[str, Any]:
    settings = deepcopy(group.settings)
    if template := settings.get("LaunchTemplate"):
        settings["LaunchTemplate"] = both_names(template, templates)
    if policy := settings.get("MixedInstancesPolicy"):
        launch = policy["LaunchTemplate"]
        launch["LaunchTemplateSpecification"] = both_names(launch["LaunchTemplateSpecification"], templates)
        policy["InstancesDistribution"] = {**DISTRIBUTION, **policy.get("InstancesDistribution", {})}
    settings.setdefault("VPCZoneIdentifier", "")
    settings.setdefault("ServiceLinkedRoleARN", _role(group))
    return settings | {
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "CreatedTime": group.created,
        "LoadBalancerNames": [],
        "TargetGroupARNs": group.target_groups,
        "TrafficSources": [{"Identifier": name, "Type": kind} for name, kind in group.traffic.items()],
        "Instances": [instance(each) for each in group.members],
        "SuspendedProcesses": [
            {"ProcessName": name, "SuspensionReason": why} for name, why in sorted(group.suspended.items())
        ],
        "EnabledMetrics": [{"Metric": name, "Granularity": "1Minute"} for name in group.metrics],
        "Tags": list(group.tags.values()),
        **_warm(group),
    }


def instance(member: Member) -> Values:
    return {
        "InstanceId": member.id,
        "InstanceType": member.type,
        "AvailabilityZone": member.zone,
        "LifecycleState": member.state,
        "HealthStatus": member.health,
        "LaunchTemplate": dict(member.template),
        "ProtectedFromScaleIn": member.protected,
    }


def both_names(spec: Values, templates: Templates) -> Values:
    """AWS tells a template's id and its name, whichever was given; the version as it was given."""
    key = "LaunchTemplateId" if spec.get("LaunchTemplateId") else "LaunchTemplateName"
    try:
        found = templates.find({key: spec[key]})
    except AwsError:
        return spec
    names = {"LaunchTemplateId": found.id, "LaunchTemplateName": found.name}
    return names | ({"Version": spec["Version"]} if spec.get("Version") else {})


def _role(group: Group) -> str:
    account = group.arn.split(":")[4]
    return f"arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def _warm(group: Group) -> Values:
    if group.warm_pool is None:
        return {}
    return {"WarmPoolConfiguration": group.warm_pool, "WarmPoolSize": len(group.warm)}
