"""Notifications: one topic as declared; others of the group go, others' stay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from slackwater.aws.notifications import observe_notifications, plan_notifications
from slackwater.settings import Notifications
from tests.aws.resources import Lab, declare, names
from tests.aws.resources import lab as start

TOPIC = "arn:aws:sns:eu-central-1:123456789012:scaling"
FORMER = "arn:aws:sns:eu-central-1:123456789012:former"
LAUNCH, TERMINATE = "autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start() as running:
        yield running


def test_notifications_converge_twice_and_rest_once(lab: Lab) -> None:
    """What was put is what is found."""
    group = lab.make(lab.declare(notifications=Notifications(topic_arn=lab.ground.topic)))

    assert ["put_notification_configuration: new"] == lab.run(
        plan_notifications(group, observe_notifications(lab.clients, group))
    )
    assert [] == plan_notifications(group, observe_notifications(lab.clients, group))


def test_notifications_that_are_no_longer_declared_go_and_a_siblings_stay(lab: Lab) -> None:
    """Only this group's."""
    group = lab.make(lab.declare(name="tide", notifications=Notifications(topic_arn=lab.ground.topic)))
    sibling = lab.make(lab.declare(name="tide-b", notifications=Notifications(topic_arn=lab.ground.topic)))
    for each in (group, sibling):
        lab.run(plan_notifications(each, observe_notifications(lab.clients, each)))
    bare = lab.declare(name="tide")

    assert ["delete_notification_configuration: no longer declared"] == lab.run(
        plan_notifications(bare, observe_notifications(lab.clients, bare))
    )
    assert {} == observe_notifications(lab.clients, group)
    assert [lab.ground.topic] == list(observe_notifications(lab.clients, sibling))


def test_another_topic_is_put_before_the_former_one_goes() -> None:
    """In between, both are told rather than nobody."""
    group = declare(notifications=Notifications(topic_arn=TOPIC, events=[LAUNCH]))

    assert ["put_notification_configuration: new", "delete_notification_configuration: no longer declared"] == names(
        plan_notifications(group, {FORMER: (LAUNCH,)})
    )


def test_other_events_are_named() -> None:
    """AWS overwrites what that topic was told before."""
    group = declare(notifications=Notifications(topic_arn=TOPIC, events=[TERMINATE, LAUNCH]))

    assert [f"put_notification_configuration: NotificationTypes [{LAUNCH}] -> [{LAUNCH}, {TERMINATE}]"] == names(
        plan_notifications(group, {TOPIC: (LAUNCH,)})
    )


def test_the_order_of_the_events_does_not_count() -> None:
    """AWS gives them back in any."""
    group = declare(notifications=Notifications(topic_arn=TOPIC, events=[TERMINATE, LAUNCH]))

    assert [] == plan_notifications(group, {TOPIC: (LAUNCH, TERMINATE)})
