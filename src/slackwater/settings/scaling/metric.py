"""Metric: what a policy looks at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import choice, matching, part, text
from slackwater.settings.scaling._words import RESOURCE_NAME, RESOURCE_NAME_ALLOWED

Kind = Literal["cpu", "requests_per_target", "custom"]
Statistic = Literal["Average", "Minimum", "Maximum", "Sum", "SampleCount"]
NAMESPACE = re.compile(r"[^:\s][ -~]{0,254}")
METRIC_NAME = re.compile(r"[ -~]{1,255}")
DIMENSION_ALLOWED = "1 to 255 printable ASCII characters, a name not beginning with ':'"
DimensionName = Annotated[str, AfterValidator(matching(r"[!-9;-~][ -~]{0,254}", DIMENSION_ALLOWED))]
DimensionValue = Annotated[str, AfterValidator(matching(r"[ -~]{1,255}", DIMENSION_ALLOWED))]
MOST_DIMENSIONS = 30
# What the drain agent publishes, with the group's name as its dimension.
OWN_NAMESPACE, OWN_DIMENSION = "Slackwater", "AutoScalingGroupName"
OWN_MEMORY, OWN_BACKLOG = "memory_used_percent", "backlog_per_instance"
OF_ONE_VALUE = ("Average", "Minimum", "Maximum")


class Metric(Settings):
    """Made by `Metric.cpu()`, `Metric.requests_per_target(…)` or `Metric.custom(…)`."""

    kind: Kind = choice(..., "What is measured.", get_args(Kind))
    target_group: str | None = text(
        None, "The target group's name.", pattern=RESOURCE_NAME, allowed=RESOURCE_NAME_ALLOWED
    )
    namespace: str | None = text(None, "CloudWatch's namespace.", allowed="a namespace such as 'CWAgent'")
    name: str | None = text(None, "The metric's name there.", allowed="a name such as 'mem_used_percent'")
    dimensions: dict[DimensionName, DimensionValue] = part(
        dict, "Those that it is published with, all of them.", allowed="a dictionary of text"
    )
    statistic: Statistic = choice("Average", "How its values become one.", get_args(Statistic))

    @classmethod
    def cpu(cls) -> Metric:
        """The group's mean CPU use, in percent."""
        return cls(kind="cpu")

    @classmethod
    def requests_per_target(cls, *, target_group: str) -> Metric:
        """Requests a minute for each host, as an Application Load Balancer counts them before that target group."""
        return cls(kind="requests_per_target", target_group=target_group, statistic="Sum")

    @classmethod
    def custom(
        cls,
        namespace: str,
        name: str,
        *,
        dimensions: Mapping[str, str] | None = None,
        statistic: Statistic = "Average",
    ) -> Metric:
        """Anything in CloudWatch: memory, the length of a queue."""
        known = dict(dimensions or {})
        return cls(kind="custom", namespace=namespace, name=name, dimensions=known, statistic=statistic)

    @property
    def is_percent(self) -> bool:
        """True where it is known; a custom metric may be anything, and a sum of percents is none."""
        is_memory = self.is_own and self.name == OWN_MEMORY
        return self.kind == "cpu" or (is_memory and self.statistic in OF_ONE_VALUE)

    @property
    def is_own(self) -> bool:
        """Published by the group's instances themselves."""
        return self.kind == "custom" and self.namespace == OWN_NAMESPACE

    def conflicts(self) -> Iterator[Fault]:
        if self.kind == "requests_per_target" and self.target_group is None:
            yield self.fault("target_group", "must be the name of a target group of the same scaling group")
        if self.kind == "custom":
            yield from self._custom_conflicts()

    def _custom_conflicts(self) -> Iterator[Fault]:
        if not NAMESPACE.fullmatch(self.namespace or ""):
            yield self.fault("namespace", "must be 1 to 255 printable ASCII characters, not beginning with ':'")
        if not METRIC_NAME.fullmatch(self.name or ""):
            yield self.fault("name", "must be 1 to 255 printable ASCII characters")
        if len(self.dimensions) > MOST_DIMENSIONS:
            yield self.fault("dimensions", f"must be at most {MOST_DIMENSIONS}")
