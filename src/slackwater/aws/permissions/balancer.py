"""A balancer: reads who is in the group, and where. The breaker's right to stop launches is `watch`'s."""

from __future__ import annotations

from collections.abc import Iterator

from slackwater.aws.permissions._statement import Statement
from slackwater.aws.permissions._subject import Subject, of
from slackwater.aws.permissions.instance import ships


def balancer(subject: Subject) -> Iterator[Statement]:
    yield from ships(subject)
    yield Statement("Members", [*of("autoscaling", "DescribeAutoScalingGroups"), *of("ec2", "DescribeInstances")])
