"""What a group tells queues, topics and EventBridge."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.lab.cloud.fleet import DOWN, TERMINATING, UP, Fleet


class Queue:
    """Whoever listens."""

    def __init__(self, fleet: Fleet, name: str) -> None:
        self.sqs = fleet.endpoint.client("sqs")
        self.url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.arn = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]

    def messages(self) -> list[dict[str, Any]]:
        """All that are there, and they are gone."""
        found = []
        while got := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for each in got:
                found.append(json.loads(each["Body"]))
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"])
        return found


def test_a_hooks_queue_hears_of_the_hook_and_of_each_action(fleet: Fleet) -> None:
    """First a trial; the token of the message completes the action."""
    queue = Queue(fleet, "life")
    fleet.make([DOWN | {"NotificationTargetARN": queue.arn, "NotificationMetadata": "m"}], DesiredCapacity=1)
    trial = queue.messages()
    fleet.desire(0)
    (told,) = queue.messages()
    fleet.asg.complete_lifecycle_action(
        AutoScalingGroupName="g",
        LifecycleHookName="down",
        LifecycleActionToken=told["LifecycleActionToken"],
        LifecycleActionResult="CONTINUE",
    )

    assert ["autoscaling:TEST_NOTIFICATION"] == [each["Event"] for each in trial]
    expected = {
        "LifecycleHookName": "down",
        "LifecycleTransition": TERMINATING,
        "NotificationMetadata": "m",
        "AutoScalingGroupName": "g",
        "AccountId": fleet.endpoint.account,
        "Service": "AWS Auto Scaling",
        "Origin": "AutoScalingGroup",
        "Destination": "EC2",
    }
    assert expected == {key: told[key] for key in expected}
    assert [] == fleet.states()


def test_a_hook_that_cannot_be_delivered_is_refused(fleet: Fleet) -> None:
    """When it is put, by the trial; one whose queue goes later only says it to nobody."""
    queue = Queue(fleet, "life")
    fleet.make()
    with pytest.raises(ClientError, match="Unable to publish test message"):
        fleet.asg.put_lifecycle_hook(
            AutoScalingGroupName="g", **UP, NotificationTargetARN=queue.arn.replace("life", "gone")
        )
    fleet.asg.put_lifecycle_hook(AutoScalingGroupName="g", **UP, NotificationTargetARN=queue.arn)
    queue.sqs.delete_queue(QueueUrl=queue.url)
    fleet.desire(1)

    assert ["Pending:Wait"] == fleet.states()


def test_eventbridge_hears_of_everything(fleet: Fleet) -> None:
    """Lifecycle actions and what became of instances, under AWS's own names."""
    queue, events = Queue(fleet, "bus"), fleet.endpoint.client("events")
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["aws.autoscaling"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "q", "Arn": queue.arn}])
    fleet.make([UP], DesiredCapacity=1)
    fleet.complete("up", "CONTINUE")
    fleet.desire(0)
    fleet.endpoint.cloud.fail_launches("g", 1)
    fleet.desire(1)
    heard = queue.messages()

    assert [
        "EC2 Instance-launch Lifecycle Action",
        "EC2 Instance Launch Successful",
        "EC2 Instance Terminate Successful",
        "EC2 Instance Launch Unsuccessful",
    ] == [each["detail-type"] for each in heard]
    assert ("EC2", "AutoScalingGroup") == (heard[0]["detail"]["Origin"], heard[0]["detail"]["Destination"])


def test_a_groups_topics_hear_what_they_asked_for(fleet: Fleet) -> None:
    """And of nothing else; a topic that is not there is refused."""
    queue, sns = Queue(fleet, "mail"), fleet.endpoint.client("sns")
    sns.subscribe(TopicArn=fleet.ground.topic, Protocol="sqs", Endpoint=queue.arn)
    fleet.make()
    kinds = ["autoscaling:EC2_INSTANCE_TERMINATE"]
    fleet.asg.put_notification_configuration(
        AutoScalingGroupName="g", TopicARN=fleet.ground.topic, NotificationTypes=kinds
    )
    fleet.desire(1)
    one = fleet.ids()[0]
    fleet.desire(0)
    heard = [json.loads(each["Message"]) for each in queue.messages()]

    assert ["autoscaling:TEST_NOTIFICATION", *kinds] == [each["Event"] for each in heard]
    assert (one, "g") == (heard[1]["EC2InstanceId"], heard[1]["AutoScalingGroupName"])
    with pytest.raises(ClientError, match="Unable to publish test message"):
        fleet.asg.put_notification_configuration(
            AutoScalingGroupName="g", TopicARN=f"{fleet.ground.topic}-gone", NotificationTypes=kinds
        )
