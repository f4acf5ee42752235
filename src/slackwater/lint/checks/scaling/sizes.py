"""Sizes: what the largest group takes from others, and what its instances have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from slackwater.lint.fleet import Fleet
from slackwater.lint.instance_types import Size, architecture, size
from slackwater.lint.scaling import Scaling, scaling
from slackwater.settings import Environment, Fault, workers
from slackwater.settings.sizing import SLOTS, SYSTEM_MB

# How those who publish images write the two in the names of their parameters.
IMAGE_WORDS = {"x86_64": ("amd64", "x86_64"), "arm64": ("arm64", "aarch64")}


def connections_suffice(fleet: Fleet) -> Iterator[Fault]:
    """A database that refuses connections fails every instance at once, at the moment of the highest load."""
    for each in scaling(fleet):
        budget, most = each.group.connections, _most_workers(each)
        if budget is None or not budget.is_sound or most is None:
            continue
        needed = budget.needed(workers=most, instances=each.group.largest)
        if needed > budget.max_connections:
            sum_ = f"{SLOTS} slots * {most} workers * {budget.pool + budget.overflow} * {each.group.largest} instances"
            allowed = f"must be at least {needed}: {sum_} + {budget.reserve} in reserve"
            yield budget.fault("max_connections", allowed)


def _most_workers(each: Scaling) -> int | None:
    """None where neither the server nor the instance types tell."""
    if each.server.workers is not None:
        return each.server.workers
    sizes = [size(name) for name in each.group.instance_types]
    known = [found for found in sizes if found is not None]
    return max((_workers(each, found) for found in known), default=None) if len(known) == len(sizes) else None


def _workers(each: Scaling, found: Size) -> int:
    environment = cast("Environment", each.instance.environment)
    return workers(each.server, cores=found.cores, memory_mb=found.memory_mb, environment=environment)


def two_slots_fit(fleet: Fleet) -> Iterator[Fault]:
    """The old and the new slot run side by side during a release; the kernel would end one of them."""
    for each in scaling(fleet):
        for name in each.group.instance_types:
            found = size(name)
            if found is None or each.app is None:
                continue
            slot = each.server.memory_max or _workers(each, found) * each.server.memory_per_worker
            needed = SYSTEM_MB + SLOTS * slot
            if needed > found.memory_mb:
                allowed = f"must each have {needed} MB for the system and two slots; {name} has {found.memory_mb}"
                yield each.fault("instance_types", allowed)


def types_are_of_one_architecture(fleet: Fleet) -> Iterator[Fault]:
    """One image boots on one of them alone, and a release's compiled wheels run on one alone."""
    for each in scaling(fleet):
        found = {name: architecture(name) for name in each.group.instance_types}
        if len(set(found.values())) > 1:
            told = ", ".join(f"{name} is {kind}" for name, kind in found.items())
            yield each.fault("instance_types", f"must be of one architecture: {told}")


def image_is_of_their_architecture(fleet: Fleet) -> Iterator[Fault]:
    """EC2 refuses each launch; only a parameter's name tells what its image is for."""
    for each in scaling(fleet):
        image, kinds = each.group.image, {architecture(name) for name in each.group.instance_types}
        told = {kind for kind, words in IMAGE_WORDS.items() if any(word in image.value for word in words)}
        if image.kind == "ssm" and len(told) == len(kinds) == 1 and told != kinds:
            yield image.fault("value", f"must be an image for {kinds.pop()}, as the instance_types are")


def one_may_fail(fleet: Fleet) -> Iterator[Fault]:
    """The only instance takes every request with it."""
    for each in scaling(fleet):
        if each.instance.environment == "production" and each.group.minimum < 2:
            yield each.fault("minimum", "must be at least 2 in production, or one that fails takes everything with it")


def replacing_leaves_one(fleet: Fleet) -> Iterator[Fault]:
    """AWS would terminate the only instance before the new one serves."""
    for each in scaling(fleet):
        keep = each.group.maintenance
        if each.group.minimum > 1:
            continue
        if keep is None:
            yield each.fault("maintenance", "must be Maintenance(…) with a minimum of less than 2")
        elif keep.minimum_healthy < 100:
            allowed = "must be 100 with a minimum of less than 2: the new instance must serve before the old one leaves"
            yield each.fault("maintenance.minimum_healthy", allowed)
