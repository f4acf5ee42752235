"""The two questions that say who is in Auto Scaling groups, and where: for balancers and for inventories."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

IN_A_QUESTION = 100
"""Instances in one question to EC2: a filter takes 200 values at most."""

Pages = Callable[..., Iterable[dict[str, Any]]]
"""`pages(service, operation, key, **question)`: what all pages of the answer hold under `key`."""


def groups(pages: Pages, names: Sequence[str]) -> list[dict[str, Any]]:
    """Those that there are, with their instances."""
    return list(
        pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=list(names))
    )


def instances(pages: Pages, wanted: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What EC2 tells of them. A filter does not fail for one that it does not know (yet), as a list of ids would."""
    for first in range(0, len(wanted), IN_A_QUESTION):
        filters = [{"Name": "instance-id", "Values": list(wanted[first : first + IN_A_QUESTION])}]
        for reservation in pages("ec2", "describe_instances", "Reservations", Filters=filters):
            yield from reservation["Instances"]
