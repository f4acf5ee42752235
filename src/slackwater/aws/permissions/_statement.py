"""One statement of a policy document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

EVERYTHING = ("*",)
"""AWS knows no narrower resource for what only describes."""


@dataclass(frozen=True)
class Statement:
    """One without resources is left out: it would be about something that is not declared."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[str] = EVERYTHING
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """In an order that does not change."""
        found = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": sorted(self.resources),
        }
        return {**found, "Condition": dict(self.conditions)} if self.conditions else found
