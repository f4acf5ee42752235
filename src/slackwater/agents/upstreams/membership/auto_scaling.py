"""Members from Auto Scaling groups: who is InService there, and where that is.

The states are those of https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ... import sdk
from ...scaling_groups import groups, instances
from ..configuration import AutoScaling
from ..members import NAME, Member, Place, canonical
from .reading import Reading, SourceError

READ_TIMEOUT, ATTEMPTS = 8, 2
"""Seconds, times: the next look is due in a few seconds, so one that hangs is given up and counted."""
MOST_PAGES = 100
"""A service that pages for ever must not keep the look for ever."""

Client = Callable[[AutoScaling, str], Any]


def aws_client(told: AutoScaling, service: str, read_timeout: float = READ_TIMEOUT) -> Any:
    return sdk.client(service, told.region, told.endpoint, read_timeout=read_timeout, attempts=ATTEMPTS)


class Groups:
    """Keeps clients, and the addresses it has learned: an instance's private address stays as long as it lives."""

    def __init__(self, told: AutoScaling, client: Client = aws_client) -> None:
        self._told, self._client = told, client
        self._clients: dict[str, Any] = {}
        self._addresses: dict[str, str] = {}

    def read(self) -> Reading:
        """Blocks. Raises SourceError; the next look then starts with new clients, and so with new credentials."""
        try:
            return self._read()
        except SourceError:
            self._clients.clear()
            raise
        except sdk.failures() as error:
            self._clients.clear()
            raise SourceError(str(error) or type(error).__name__) from error

    def _read(self) -> Reading:
        states = self._states()
        self._learn([instance for instance in states if instance not in self._addresses])
        for gone in self._addresses.keys() - states.keys():
            del self._addresses[gone]
        in_service = sorted(instance for instance, state in states.items() if state == "InService")
        leaving = (instance for instance, state in states.items() if _goes(state))
        members = [self._member(instance) for instance in in_service if instance in self._addresses]
        places = frozenset(self._member(instance).place for instance in leaving if instance in self._addresses)
        return Reading(tuple(members), places)

    def _member(self, instance: str) -> Member:
        return Member(instance, Place(self._addresses[instance], self._told.port), self._told.weight)

    def _states(self) -> dict[str, str]:
        names = self._told.groups
        found = groups(self._pages, names)
        missing = set(names) - {group.get("AutoScalingGroupName") for group in found}
        if missing:
            raise SourceError(f"there is no Auto Scaling group {', '.join(sorted(missing))}")
        return dict(_instance(entry) for group in found for entry in _items(group, "Instances"))

    def _learn(self, wanted: list[str]) -> None:
        """One that EC2 does not know yet is asked for again at the next look."""
        known = dict(_address(one) for one in instances(self._pages, wanted))
        self._addresses |= {instance: address for instance, address in known.items() if address}

    def _pages(self, service: str, operation: str, key: str, **question: Any) -> Iterator[dict[str, Any]]:
        if service not in self._clients:
            self._clients[service] = self._client(self._told, service)
        pages = self._clients[service].get_paginator(operation).paginate(**question)
        for number, page in enumerate(pages):
            if number == MOST_PAGES:
                raise SourceError(f"{service} {operation} has more than {MOST_PAGES} pages")
            yield from _items(page, key)


def _goes(state: str) -> bool:
    """Terminating, Terminated, Detaching, Standby and the like are out at once; who is Pending was never in."""
    return state != "InService" and not state.startswith("Pending")


def _items(answer: object, key: str) -> list[dict[str, Any]]:
    items = answer.get(key) if isinstance(answer, dict) else None
    if not (isinstance(items, list) and all(isinstance(item, dict) for item in items)):
        raise SourceError(f"malformed answer: {key} is {items!r:.80}")
    return items


def _instance(entry: dict[str, Any]) -> tuple[str, str]:
    instance, state = entry.get("InstanceId"), entry.get("LifecycleState")
    if not (isinstance(instance, str) and NAME.fullmatch(instance) and isinstance(state, str) and state):
        raise SourceError(f"malformed answer: instance {instance!r:.40} in state {state!r:.40}")
    return instance, state


def _address(entry: dict[str, Any]) -> tuple[str, str]:
    """Empty while an instance has none."""
    instance, said = entry.get("InstanceId"), entry.get("PrivateIpAddress") or entry.get("Ipv6Address") or ""
    address = canonical(said) if said else ""
    if not isinstance(instance, str) or address is None:
        raise SourceError(f"malformed answer: instance {instance!r:.40} at {said!r:.40}")
    return instance, address
