"""Members from Auto Scaling groups: who is InService there, and where that is.

The states are those of https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..configuration import AutoScaling
from ..members import NAME, Member, Place, canonical
from .reading import Reading, SourceError

CONNECT_TIMEOUT, READ_TIMEOUT, ATTEMPTS = 3, 8, 2
"""Seconds, seconds, times: the next look is due in a few seconds, so one that hangs is given up and counted."""
IN_A_QUESTION = 100
"""Instances in one question to EC2: a filter takes 200 values at most."""
MOST_PAGES = 100
"""A service that pages for ever must not keep the look for ever."""

Client = Callable[[AutoScaling, str], Any]


def aws_client(told: AutoScaling, service: str, read_timeout: float = READ_TIMEOUT) -> Any:
    """A client of boto3's own chain of credentials; on an instance that is its role."""
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise SourceError("boto3 is not installed on this host: install python3-boto3") from error
    retries = {"total_max_attempts": ATTEMPTS, "mode": "standard"}
    config = Config(connect_timeout=CONNECT_TIMEOUT, read_timeout=read_timeout, retries=retries)
    session = boto3.session.Session()
    return session.client(service, region_name=told.region, endpoint_url=told.endpoint, config=config)


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
        except _failures() as error:
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
        names = list(self._told.groups)
        pages = self._pages("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=names)
        groups = [group for page in pages for group in _items(page, "AutoScalingGroups")]
        missing = set(names) - {group.get("AutoScalingGroupName") for group in groups}
        if missing:
            raise SourceError(f"there is no Auto Scaling group {', '.join(sorted(missing))}")
        return dict(_instance(entry) for group in groups for entry in _items(group, "Instances"))

    def _learn(self, instances: list[str]) -> None:
        """One that EC2 does not know yet is asked for again at the next look; a filter does not fail for it."""
        for first in range(0, len(instances), IN_A_QUESTION):
            wanted = [{"Name": "instance-id", "Values": instances[first : first + IN_A_QUESTION]}]
            for page in self._pages("ec2", "describe_instances", Filters=wanted):
                reservations = _items(page, "Reservations")
                self._addresses |= dict(_address(one) for each in reservations for one in _items(each, "Instances"))
        self._addresses = {instance: address for instance, address in self._addresses.items() if address}

    def _pages(self, service: str, operation: str, **question: Any) -> Iterator[dict[str, Any]]:
        if service not in self._clients:
            self._clients[service] = self._client(self._told, service)
        pages = self._clients[service].get_paginator(operation).paginate(**question)
        for number, page in enumerate(pages):
            if number == MOST_PAGES:
                raise SourceError(f"{service} {operation} has more than {MOST_PAGES} pages")
            yield page


def _failures() -> tuple[type[Exception], ...]:
    """What boto3 raises; it meets nonsense that is well-formed with whatever Python raises for a missing key."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError
    except ImportError:
        return (SourceError,)
    return BotoCoreError, ClientError, ResponseParserError, LookupError, TypeError, ValueError, AttributeError, OSError


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
