"""Notification configurations: which topics hear of what becomes of a group's instances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slackwater.lab.cloud.errors import invalid
from slackwater.lab.cloud.scaling.books import Books, Values, page
from slackwater.lab.cloud.scaling.messages import Mail

TYPES = tuple(
    f"autoscaling:{name}"
    for name in (
        "EC2_INSTANCE_LAUNCH",
        "EC2_INSTANCE_LAUNCH_ERROR",
        "EC2_INSTANCE_TERMINATE",
        "EC2_INSTANCE_TERMINATE_ERROR",
        "TEST_NOTIFICATION",
    )
)


class Notifications:
    """By group and topic; a second call takes the place of the first."""

    def __init__(self, books: Books, mail: Mail) -> None:
        self.books, self.mail = books, mail

    def put_notification_configuration(self, asked: Values) -> None:
        group = self.books.group(asked["AutoScalingGroupName"])
        if unknown := set(asked["NotificationTypes"]) - set(TYPES):
            raise invalid(f'"{sorted(unknown)[0]}" is not a valid Notification Type')
        if not asked["TopicARN"].startswith("arn:aws:sns:"):
            raise invalid(f"Invalid SNS topic ARN: {asked['TopicARN']}")
        self.mail.try_out(group, asked["TopicARN"])
        group.notifications[asked["TopicARN"]] = list(asked["NotificationTypes"])

    def describe_notification_configurations(self, asked: Values) -> Mapping[str, Any]:
        names = asked.get("AutoScalingGroupNames", [])
        found = [
            {"AutoScalingGroupName": group.name, "TopicARN": topic, "NotificationType": kind}
            for group in self.books.groups.values()
            if not names or group.name in names
            for topic, kinds in group.notifications.items()
            for kind in kinds
        ]
        some, more = page(found, asked)
        return {"NotificationConfigurations": some, "NextToken": more}

    def delete_notification_configuration(self, asked: Values) -> None:
        self.books.group(asked["AutoScalingGroupName"]).notifications.pop(asked["TopicARN"], None)
