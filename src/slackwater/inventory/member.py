"""Member: an instance of an Auto Scaling group, as far as an inventory needs to know it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """`groups` are pyinfra's, from the tag `slackwater:groups`; empty when it has none."""

    instance: str
    scaling_group: str
    state: str
    zone: str
    private: str | None = None
    public: str | None = None
    name: str | None = None
    groups: tuple[str, ...] = ()
