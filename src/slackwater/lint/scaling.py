"""What the checks of scaling groups look at: each group, and what its instances will be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from slackwater.lint.fleet import CLOUD, Fleet, Host
from slackwater.settings import (
    App,
    Balancer,
    Drain,
    Fault,
    LaunchHook,
    ScalingGroup,
    Server,
    TargetGroup,
    TerminateHook,
)
from slackwater.settings._base import Settings


@dataclass(frozen=True)
class Scaling:
    """`instance` stands for every instance of the group."""

    group: ScalingGroup
    instance: Host

    @property
    def app(self) -> App | None:
        return self.instance.app

    @property
    def server(self) -> Server:
        return self.instance.server

    @property
    def drain(self) -> Drain:
        return self.instance.drain

    @property
    def launch(self) -> LaunchHook | None:
        return self.group.hooks.launch

    @property
    def terminate(self) -> TerminateHook | None:
        return self.group.hooks.terminate

    @property
    def target_groups(self) -> list[TargetGroup]:
        return list(self.group.target_groups)

    @property
    def has_spot(self) -> bool:
        return self.group.spot is not None and self.group.spot.share > 0

    def fault(self, path: str, allowed: str) -> Fault:
        """At "hooks.launch.deadline": where the user wrote it, or the innermost part around it that is written."""
        owner, names = self.group, path.split(".")
        for name, following in pairwise(names):
            part = getattr(owner, name)
            if part.origin == owner.origin:
                return owner.fault(name, allowed)
            owner, names = part, [following]
        return owner.fault(names[0], allowed)

    def drain_fault(self, allowed: str) -> Fault:
        """Of a deadline that is the default, there is a line only where the drain should stand."""
        told = self.instance.data.get("drain")
        if isinstance(told, Drain):
            return told.fault("deadline", allowed)
        place = self.group.origin
        return Fault(place.relative_file(), place.line, "drain.deadline", str(self.drain.deadline), allowed)


def scaling(fleet: Fleet) -> Iterator[Scaling]:
    """Groups without any fault of their own, in the order of the inventory: the others are told already."""
    groups = [host.scaling_group for host in fleet.of(CLOUD)]
    for group, instance in zip(filter(None, groups), fleet.instances, strict=True):
        if _is_sound(group) and instance.drain.is_sound and instance.server.is_sound:
            yield Scaling(group, instance)


def _is_sound(value: object) -> bool:
    """With all of its parts: a stand-in lacks what was wrong."""
    if isinstance(value, tuple):
        return all(_is_sound(item) for item in value)
    if not isinstance(value, Settings):
        return True
    return value.is_sound and all(_is_sound(getattr(value, name)) for name in type(value).model_fields)


def balancers(fleet: Fleet) -> list[Balancer]:
    """Those of the inventory, each once."""
    found = {id(host.balancer): host.balancer for host in fleet.of("balancer")}
    return [balancer for balancer in found.values() if balancer.is_sound]
