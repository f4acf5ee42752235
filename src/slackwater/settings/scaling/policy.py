"""Policy: when the group grows and shrinks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import InstanceOf

from slackwater.settings._base import Settings
from slackwater.settings._fields import choice, part, switch, text, whole
from slackwater.settings.scaling._policy_conflicts import policy_conflicts
from slackwater.settings.scaling._words import GROUP_NAME, GROUP_NAME_ALLOWED
from slackwater.settings.scaling.metric import Metric

Kind = Literal["step", "target", "predictive"]
AdjustmentType = Literal["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"]
Mode = Literal["ForecastOnly", "ForecastAndScale"]
NUMBER = "a number"


class Policy(Settings):
    """Made by `Policy.step(…)`, `Policy.target(…)` or `Policy.predictive(…)`; `Policy.defaults()` are the group's."""

    kind: Kind = choice(..., "How it decides.", get_args(Kind))
    name: str = text(..., "Its name in the group.", pattern=GROUP_NAME, allowed=GROUP_NAME_ALLOWED)
    metric: InstanceOf[Metric] = text(
        ..., "What it looks at.", allowed="Metric.cpu(), Metric.requests_per_target(…) or Metric.custom(…)"
    )
    above: float | None = text(None, "Of a step: the metric is greater.", allowed=NUMBER)
    below: float | None = text(None, "Of a step: the metric is less.", allowed=NUMBER)
    periods: int = whole(5, "Of a step: so many in a row.", unit="periods", least=1, most=1440)
    period: int = whole(60, "One of them: 10, 20, 30 or a multiple of 60.", unit="seconds", least=10, most=86400)
    adjustment: int | None = text(None, "Of a step: instances more, or less if negative.", allowed="a whole number")
    adjustment_type: AdjustmentType = choice("ChangeInCapacity", "What the numbers are.", get_args(AdjustmentType))
    steps: dict[float, int] = part(
        dict, "Further from the threshold, another adjustment.", allowed="a dictionary such as {90: 3}"
    )
    value: float | None = text(None, "Of a target or a prediction: where the metric is held.", allowed=NUMBER)
    scale_in: bool = switch(True, "Of a target: it may also shrink the group.")
    mode: Mode = choice("ForecastOnly", "Of a prediction: look only, or act.", get_args(Mode))
    buffer: int = whole(
        300, "Of a prediction: instances are launched so long before.", unit="seconds", least=0, most=3600
    )

    @classmethod
    def step(
        cls,
        name: str,
        metric: Metric,
        *,
        adjustment: int,
        above: float | None = None,
        below: float | None = None,
        periods: int = 5,
        period: int = 60,
        adjustment_type: AdjustmentType = "ChangeInCapacity",
        steps: Mapping[float, int] | None = None,
    ) -> Policy:
        """`adjustment` once the metric was above (or below) for so many periods; `steps={90: 3}` is 3 from 90 on."""
        told: dict[str, Any] = {"above": above, "below": below, "periods": periods, "period": period}
        told |= {"adjustment": adjustment, "adjustment_type": adjustment_type, "steps": dict(steps or {})}
        return cls(kind="step", name=name, metric=metric, **told)

    @classmethod
    def target(cls, name: str, metric: Metric, *, value: float, scale_in: bool = True) -> Policy:
        """AWS holds the metric at `value`, with alarms of its own."""
        return cls(kind="target", name=name, metric=metric, value=value, scale_in=scale_in)

    @classmethod
    def predictive(
        cls, name: str, metric: Metric, *, value: float, mode: Mode = "ForecastOnly", buffer: int = 300
    ) -> Policy:
        """AWS forecasts the load of the next two days from that of the last two weeks; it never shrinks the group."""
        return cls(kind="predictive", name=name, metric=metric, value=value, mode=mode, buffer=buffer)

    @classmethod
    def defaults(cls) -> tuple[Policy, Policy]:
        """One more after 5 minutes above 70 % CPU, one less after 10 minutes below 30 %."""
        return (
            cls.step("cpu-high", Metric.cpu(), above=70, periods=5, adjustment=1),
            cls.step("cpu-low", Metric.cpu(), below=30, periods=10, adjustment=-1),
        )

    @property
    def seconds(self) -> int:
        """How long a step's metric must stay beyond its threshold."""
        return self.periods * self.period

    conflicts = policy_conflicts
