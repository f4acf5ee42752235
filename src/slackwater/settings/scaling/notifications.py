"""Notifications: the group tells an SNS topic what it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, get_args

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import AS_TUPLE, text
from slackwater.settings.scaling._words import TOPIC, TOPIC_ALLOWED

Event = Literal[
    "autoscaling:EC2_INSTANCE_LAUNCH",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
]


class Notifications(Settings):
    """Of launches and terminations, and of those that failed."""

    topic_arn: str = text(
        ...,
        "The topic.",
        pattern=TOPIC,
        allowed=TOPIC_ALLOWED,
        example="arn:aws:sns:eu-central-1:123456789012:scaling",
    )
    events: Annotated[tuple[Event, ...], AS_TUPLE] = text(
        get_args(Event), "Which events.", allowed="any of " + ", ".join(repr(event) for event in get_args(Event))
    )

    @property
    def region(self) -> str:
        return self.topic_arn.split(":")[3]

    def conflicts(self) -> Iterator[Fault]:
        if not self.events or len(set(self.events)) < len(self.events):
            yield self.fault("events", "must name at least one event, and each once")
