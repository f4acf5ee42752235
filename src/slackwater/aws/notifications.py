"""Notifications: SNS topics that the group tells when instances come, go, or could not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slackwater.aws.call import Call, drift
from slackwater.aws.clients import Clients
from slackwater.settings import ScalingGroup


def wanted_notifications(group: ScalingGroup) -> dict[str, Any] | None:
    """The arguments of PutNotificationConfiguration; None for a group without one."""
    declared = group.notifications
    if declared is None:
        return None
    return {
        "AutoScalingGroupName": group.name,
        "TopicARN": declared.topic_arn,
        "NotificationTypes": sorted(declared.events),
    }


def observe_notifications(clients: Clients, group: ScalingGroup) -> dict[str, tuple[str, ...]]:
    """By topic, what it is told."""
    described = clients.pages(
        "autoscaling",
        "describe_notification_configurations",
        "NotificationConfigurations",
        AutoScalingGroupNames=[group.name],
    )
    ours = [each for each in described if each["AutoScalingGroupName"] == group.name]
    topics = {each["TopicARN"] for each in ours}
    return {
        topic: tuple(sorted(each["NotificationType"] for each in ours if each["TopicARN"] == topic))
        for topic in sorted(topics)
    }


def plan_notifications(group: ScalingGroup, found: Mapping[str, tuple[str, ...]]) -> list[Call]:
    wanted = wanted_notifications(group)
    topic = wanted["TopicARN"] if wanted else None
    surplus = [_delete(group, each) for each in found if each != topic]
    return [*([] if wanted is None else _put(wanted, found.get(wanted["TopicARN"]))), *surplus]


def _put(wanted: Mapping[str, Any], found: tuple[str, ...] | None) -> list[Call]:
    if found is None:
        return [Call("autoscaling", "put_notification_configuration", wanted, "new")]
    changes = drift({"NotificationTypes": wanted["NotificationTypes"]}, {"NotificationTypes": list(found)})
    return [Call("autoscaling", "put_notification_configuration", wanted, "; ".join(changes))] if changes else []


def _delete(group: ScalingGroup, topic: str) -> Call:
    arguments = {"AutoScalingGroupName": group.name, "TopicARN": topic}
    return Call("autoscaling", "delete_notification_configuration", arguments, "no longer declared")
