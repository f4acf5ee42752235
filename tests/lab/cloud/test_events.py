"""Messages have the keys, and the kinds of values, of AWS's documented examples.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html for EventBridge,
…/warm-pools-eventbridge-events.html for where an instance comes from and goes to, and
…/ec2-auto-scaling-sns-notifications.html for topics. EC2's are documented in its own guide,
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html and
…/rebalance-recommendations.html.
"""

from __future__ import annotations

import json
from typing import Any

from tests.lab.cloud.fleet import DOWN, UP, Fleet
from tests.lab.cloud.test_messages import Queue

ENVELOPE = {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}
"""EventBridge's own."""
ACTION = {
    "LifecycleActionToken", "AutoScalingGroupName", "LifecycleHookName", "EC2InstanceId", "LifecycleTransition",
    "NotificationMetadata", "Origin", "Destination",
}  # fmt: skip
HAPPENED = {
    "StatusCode", "Description", "AutoScalingGroupName", "ActivityId", "Details", "RequestId", "StatusMessage",
    "EndTime", "EC2InstanceId", "StartTime", "Cause", "Origin", "Destination",
}  # fmt: skip
PLACE = {"Availability Zone", "Subnet ID"}
OF_A_TOPIC = HAPPENED | {"Service", "Time", "AccountId", "Progress", "Event", "AutoScalingGroupARN"}
OF_A_HOOK = ACTION | {"Service", "Time", "RequestId", "AccountId"}


def bus(fleet: Fleet, source: str = "aws.autoscaling") -> Queue:
    """Hears everything that the group, or EC2, tells EventBridge."""
    queue, events = Queue(fleet, "bus"), fleet.endpoint.client("events")
    events.put_rule(Name="all", EventPattern=json.dumps({"source": [source]}))
    events.put_targets(Rule="all", Targets=[{"Id": "q", "Arn": queue.arn}])
    return queue


def ways(events: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(each["detail-type"], each["detail"]["Origin"], each["detail"]["Destination"]) for each in events]


def test_events_are_as_documented(fleet: Fleet) -> None:
    """Of an action the group is the only resource; of a launch or an end the instance is one too."""
    heard = bus(fleet)
    fleet.make([hook | {"NotificationMetadata": "m"} for hook in (UP, DOWN)], DesiredCapacity=1)
    one = fleet.ids()[0]
    fleet.complete("up", "CONTINUE")
    fleet.desire(0)
    fleet.complete("down", "CONTINUE", one)
    up, launched, down, ended = heard.messages()
    group = fleet.asg.describe_auto_scaling_groups()["AutoScalingGroups"][0]["AutoScalingGroupARN"]

    assert [ENVELOPE] * 4 == [set(each) & ENVELOPE for each in (up, launched, down, ended)]
    for action in (up, down):
        assert (ACTION, [group]) == (set(action["detail"]), action["resources"])
    for event in (launched, ended):
        assert HAPPENED == set(event["detail"])
        assert PLACE == set(launched["detail"]["Details"])
        assert ("InProgress", "") == (event["detail"]["StatusCode"], event["detail"]["StatusMessage"])
        assert [group, True] == [event["resources"][0], event["resources"][1].endswith(f":instance/{one}")]


def test_spot_events_name_their_instance(fleet: Fleet) -> None:
    """An interruption by its zone and without an account, a recommendation as everything else of EC2."""
    heard = bus(fleet, "aws.ec2")
    fleet.make(DesiredCapacity=1)
    (there,) = fleet.instances()
    one, zone = there["InstanceId"], there["AvailabilityZone"]
    fleet.endpoint.cloud.recommend_rebalance(one)
    fleet.endpoint.cloud.interrupt(one)
    risky, ending = heard.messages()

    assert {"instance-id": one} == risky["detail"]
    assert {"instance-id": one, "instance-action": "terminate"} == ending["detail"]
    assert [f"arn:aws:ec2:{risky['region']}:{fleet.endpoint.account}:instance/{one}"] == risky["resources"]
    assert [f"arn:aws:ec2:{zone}:instance/{one}"] == ending["resources"]


def test_a_failed_launch_says_so(fleet: Fleet) -> None:
    """With the reason, and no instance that does not exist."""
    heard = bus(fleet)
    fleet.make()
    fleet.endpoint.cloud.fail_launches("g", 1)
    fleet.desire(1)
    (failed,) = heard.messages()

    assert HAPPENED == set(failed["detail"])
    assert ("Failed", "") == (failed["detail"]["StatusCode"], failed["detail"]["EC2InstanceId"])
    assert "capacity" in failed["detail"]["StatusMessage"]


def test_queues_and_topics_are_told_as_documented(fleet: Fleet) -> None:
    """The trial of each has a key of its own, `Event`."""
    hook, topic, sns = Queue(fleet, "life"), Queue(fleet, "mail"), fleet.endpoint.client("sns")
    sns.subscribe(TopicArn=fleet.ground.topic, Protocol="sqs", Endpoint=topic.arn)
    fleet.make([DOWN | {"NotificationTargetARN": hook.arn, "NotificationMetadata": "m"}])
    kinds = ["autoscaling:EC2_INSTANCE_LAUNCH"]
    fleet.asg.put_notification_configuration(
        AutoScalingGroupName="g", TopicARN=fleet.ground.topic, NotificationTypes=kinds
    )
    fleet.desire(1)
    fleet.desire(0)
    told, messages = [json.loads(each["Message"]) for each in topic.messages()], hook.messages()

    assert [True, False] == ["Event" in each for each in messages]
    assert OF_A_HOOK == set(messages[1])
    assert OF_A_TOPIC == set(told[1])
    assert (50, "InProgress") == (told[1]["Progress"], told[1]["StatusCode"])


def test_a_warm_pool_is_somewhere_to_come_from_and_to_go_to(fleet: Fleet) -> None:
    """Into the pool, out of it into the group, and from the pool to its end."""
    heard = bus(fleet)
    fleet.make([UP])
    pool = {"AutoScalingGroupName": "g", "MinSize": 1, "MaxGroupPreparedCapacity": 1}
    fleet.asg.put_warm_pool(**pool)
    fleet.complete(
        "up", "CONTINUE", fleet.asg.describe_warm_pool(AutoScalingGroupName="g")["Instances"][0]["InstanceId"]
    )
    fleet.desire(1)
    fleet.complete("up", "CONTINUE")
    action = "EC2 Instance-launch Lifecycle Action"
    events = ways(heard.messages())

    assert (action, "EC2", "WarmPool") == events[0]
    assert (action, "WarmPool", "AutoScalingGroup") in events
    assert ("EC2 Instance Launch Successful", "WarmPool", "AutoScalingGroup") in events
