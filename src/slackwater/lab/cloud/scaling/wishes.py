"""What a test wants of a group's instances: that they cannot be launched, are abandoned, or are never healthy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

CAPACITY = (
    "We currently do not have sufficient capacity in the Availability Zone you requested. "
    "Our system will be working on provisioning additional capacity."
)


class Wishes:
    """Counted ones are used up."""

    def __init__(self) -> None:
        self._refused: Counter[str] = Counter()
        self._abandoned: Counter[str] = Counter()
        self._reasons: dict[str, str] = {}
        self._sick: set[str] = set()

    def refuse(self, group: str, times: int, reason: str = CAPACITY) -> None:
        self._refused[group], self._reasons[group] = times, reason

    def abandon(self, group: str, times: int) -> None:
        self._abandoned[group] = times

    def sicken(self, version: str) -> None:
        self._sick.add(version)

    def heal(self, version: str) -> None:
        self._sick.discard(version)

    def refusal(self, group: str) -> str | None:
        return self._reasons[group] if _take(self._refused, group) else None

    def abandons(self, group: str) -> bool:
        return _take(self._abandoned, group)

    def never_healthy(self, template: Mapping[str, str]) -> bool:
        """By `VERSION` or `TEMPLATE:VERSION`."""
        return not self._sick.isdisjoint(
            {template["Version"], f"{template['LaunchTemplateName']}:{template['Version']}"}
        )


def _take(counter: Counter[str], group: str) -> bool:
    counter[group] -= 1
    return counter[group] >= 0
