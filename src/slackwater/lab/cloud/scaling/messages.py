"""What a group tells the world, as AWS documents the texts: to SQS and SNS by their addresses, and to EventBridge."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import uuid4

from botocore.exceptions import ClientError

from slackwater.lab.cloud.errors import invalid
from slackwater.lab.cloud.scaling.books import Action, Group, Member, Values, now

log = logging.getLogger("slackwater.lab.cloud")

LAUNCH, LAUNCH_ERROR = "autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_LAUNCH_ERROR"
TERMINATE, TEST = "autoscaling:EC2_INSTANCE_TERMINATE", "autoscaling:TEST_NOTIFICATION"
EVENTS = {
    LAUNCH: "EC2 Instance Launch Successful",
    LAUNCH_ERROR: "EC2 Instance Launch Unsuccessful",
    TERMINATE: "EC2 Instance Terminate Successful",
}
ACTIONS = {
    "autoscaling:EC2_INSTANCE_LAUNCHING": "EC2 Instance-launch Lifecycle Action",
    "autoscaling:EC2_INSTANCE_TERMINATING": "EC2 Instance-terminate Lifecycle Action",
}
"""EventBridge's detail type by a hook's transition."""
OF_AN_ACTIVITY = ("ActivityId", "Description", "Cause", "StartTime", "EndTime")
FAILED, HALF, WHOLE = "Failed", ("InProgress", 50), 100
"""A message of success says that its activity is half done; the documented ones do (user guide, event reference)."""
SERVICE = "AWS Auto Scaling"
EC2, GROUP, POOL = "EC2", "AutoScalingGroup", "WarmPool"


class Messages(Protocol):
    """Whoever is told of lifecycle actions and of what became of instances."""

    def waits(self, group: Group, member: Member, action: Action) -> None: ...

    def happened(self, group: Group, kind: str, member: Member | None, activity: Values) -> None: ...


class Silent:
    """Nobody is told."""

    def waits(self, group: Group, member: Member, action: Action) -> None:
        """Nothing."""

    def happened(self, group: Group, kind: str, member: Member | None, activity: Values) -> None:
        """Nothing."""


class Mail:
    """`client` gives a boto3 client of a service. A message that cannot be delivered is logged, as lost as on AWS."""

    def __init__(self, account: str, client: Callable[[str], Any]) -> None:
        self.account, self._client = account, client

    def waits(self, group: Group, member: Member, action: Action) -> None:
        """One message a hook."""
        detail = {
            "LifecycleActionToken": action.token,
            "AutoScalingGroupName": group.name,
            "LifecycleHookName": action.hook["LifecycleHookName"],
            "EC2InstanceId": member.id,
            "LifecycleTransition": action.hook["LifecycleTransition"],
            **_way(member),
        }
        if told := action.hook.get("NotificationMetadata"):
            detail["NotificationMetadata"] = told
        if target := action.hook.get("NotificationTargetARN"):
            self._deliver(target, {**self._head(), **detail})
        self._announce(ACTIONS[action.hook["LifecycleTransition"]], detail, [group.arn])

    def happened(self, group: Group, kind: str, member: Member | None, activity: Values) -> None:
        """To the group's topics that asked for this kind, and to EventBridge. No member: EC2 refused the launch."""
        status, progress = (FAILED, WHOLE) if kind == LAUNCH_ERROR else HALF
        detail = {
            **{name: _text(activity[name]) for name in OF_AN_ACTIVITY if name in activity},
            "StatusCode": status,
            "StatusMessage": activity.get("StatusMessage", ""),
            "AutoScalingGroupName": group.name,
            "EC2InstanceId": member.id if member else "",
            "Details": json.loads(activity["Details"] or "{}"),
            **_way(member),
        }
        about = {"AutoScalingGroupARN": group.arn, "Event": kind, "Progress": progress}
        for topic, kinds in group.notifications.items():
            if kind in kinds:
                self._deliver(topic, {**self._head(), **about, **detail})
        resources = [group.arn, self.arn(group.arn.split(":")[3], member.id)] if member else [group.arn]
        self._announce(EVENTS[kind], {**detail, "RequestId": activity["ActivityId"]}, resources)

    def event(self, source: str, kind: str, detail: Mapping[str, Any], resources: list[str]) -> None:
        """moto takes what AWS reserves for itself: events whose source begins with aws."""
        entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail), "Resources": resources}
        self._client("events").put_events(Entries=[entry])

    def alarm(self, topic: str, alarm: Values, before: str) -> None:
        """As CloudWatch tells a topic."""
        said = {"AlarmName": alarm["AlarmName"], "AlarmArn": alarm["AlarmArn"], "AWSAccountId": self.account}
        states = {"NewStateValue": alarm["StateValue"], "OldStateValue": before}
        self._deliver(topic, {**said, **states, "NewStateReason": alarm.get("StateReason", "")})

    def try_out(self, group: Group, target: str) -> None:
        """What is sent when a hook or a notification is put; it is refused when it cannot be delivered."""
        about = {"AutoScalingGroupName": group.name, "AutoScalingGroupARN": group.arn}
        try:
            self._send(target, {**self._head(), "Event": TEST, **about})
        except ClientError as error:
            text = f"Unable to publish test message to notification target {target}"
            raise invalid(f"{text}. {error.response['Error']['Message']}") from error

    def _head(self) -> dict[str, str]:
        return {"Service": SERVICE, "Time": _text(now()), "RequestId": str(uuid4()), "AccountId": self.account}

    def _announce(self, kind: str, detail: Mapping[str, Any], resources: list[str]) -> None:
        self.event("aws.autoscaling", kind, detail, resources)

    def arn(self, region: str, instance: str) -> str:
        return f"arn:aws:ec2:{region}:{self.account}:instance/{instance}"

    def _deliver(self, target: str, message: Mapping[str, Any]) -> None:
        try:
            self._send(target, message)
        except ClientError as error:
            log.warning("%s takes no message: %s", target, error)

    def _send(self, target: str, message: Mapping[str, Any]) -> None:
        if target.startswith("arn:aws:sqs:"):
            sqs = self._client("sqs")
            url = sqs.get_queue_url(QueueName=target.rpartition(":")[2])["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(message))
        else:
            self._client("sns").publish(TopicArn=target, Message=json.dumps(message), Subject="Auto Scaling")


def _way(member: Member | None) -> dict[str, str]:
    """Where it comes from and where it goes (user guide, warm pool events and notifications)."""
    if member is None:
        return {"Origin": EC2, "Destination": GROUP}
    here = POOL if member.pool else GROUP
    if member.is_leaving:
        return {"Origin": here, "Destination": EC2}
    return {"Origin": POOL if member.was_warm else EC2, "Destination": here}


def _text(value: Any) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z" if hasattr(value, "strftime") else str(value)
