"""Membership: where a balancer learns which hosts stand behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, get_args

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import AS_TUPLE, choice, text, whole

Kind = Literal["inventory", "auto_scaling", "dns"]
GROUP = re.compile(r"[ -~]{1,255}")
HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252})")


class Membership(Settings):
    """Made by `Membership.inventory()`, `Membership.auto_scaling("group", …)` or `Membership.dns("name")`."""

    kind: Kind = choice(..., "Where the hosts are named.", get_args(Kind))
    names: Annotated[tuple[str, ...], AS_TUPLE] = text(
        (), "The Auto Scaling groups, or the one DNS name.", allowed="names, each of at least one character"
    )
    region: str | None = text(
        None,
        "The groups' AWS region.",
        pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]+$",
        allowed="an AWS region such as 'eu-central-1'",
    )
    port: int | None = whole(None, "Where the hosts listen; None: the app's own port.", least=1, most=65535)
    interval: int = whole(5, "Between two looks.", unit="seconds", least=1, most=3600)
    endpoint: str | None = text(
        None,
        "Another address of the AWS services, such as an interface endpoint's.",
        pattern=r"^https?://[^\s]+$",
        allowed="a URL",
    )

    @classmethod
    def inventory(cls) -> Membership:
        """The hosts of the group app, as the inventory names them."""
        return cls(kind="inventory")

    @classmethod
    def auto_scaling(
        cls, *groups: str, region: str, port: int | None = None, interval: int = 5, endpoint: str | None = None
    ) -> Membership:
        """The instances in service of one Auto Scaling group or several, at their private addresses."""
        return cls(kind="auto_scaling", names=groups, region=region, port=port, interval=interval, endpoint=endpoint)

    @classmethod
    def dns(cls, name: str, *, port: int | None = None, interval: int = 5) -> Membership:
        """Every address of a DNS name, IPv4 and IPv6."""
        return cls(kind="dns", names=(name,), port=port, interval=interval)

    def conflicts(self) -> Iterator[Fault]:
        if self.kind == "auto_scaling":
            yield from self._group_conflicts()
        elif self.kind == "dns" and not (len(self.names) == 1 and HOST_NAME.fullmatch(self.names[0])):
            yield self.fault("names", "must be one DNS name such as 'app.internal'")

    def _group_conflicts(self) -> Iterator[Fault]:
        if not self.names or not all(GROUP.fullmatch(name) for name in self.names):
            yield self.fault("names", "must be one Auto Scaling group's name or several")
        if self.region is None:
            yield self.fault("region", "must be the groups' AWS region, such as 'eu-central-1'")

    def document(self, port: int, hosts: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        """Its part of the agent's file. `port` is the app's; `hosts` are the inventory's, as the agent reads them."""
        if self.kind == "inventory":
            return {"kind": self.kind, "members": list(hosts)}
        common = {"kind": self.kind, "port": self.port or port, "interval": self.interval}
        if self.kind == "dns":
            return {**common, "name": self.names[0]}
        return {**common, "groups": list(self.names), "region": self.region, "endpoint": self.endpoint}
