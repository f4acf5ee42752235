"""The breaker, and `slackwater watch`: sees failing launches and may stop them, of this one group."""

from __future__ import annotations

from collections.abc import Iterator

from slackwater.aws.permissions._statement import Statement
from slackwater.aws.permissions._subject import MARK, Subject, of, own


def watch(subject: Subject) -> Iterator[Statement]:
    """Twice bound to the group, by its name and by the mark that says that it is ours; of its tags only to its own."""
    group, ours = [subject.scaling_group], own(subject.group)
    yield Statement("Watch", of("autoscaling", "DescribeAutoScalingGroups DescribeScalingActivities"))
    yield Statement("Break", of("autoscaling", "SuspendProcesses ResumeProcesses"), group, ours)
    yield Statement("Mark", of("autoscaling", "CreateOrUpdateTags DeleteTags"), group, {**ours, **MARK})
