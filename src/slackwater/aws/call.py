"""Call: one AWS request as a value, with its reason; Ref, Joined, Upload and Wait are what it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ref:
    """What an earlier call of the same plan gives under `key`; with `after`, the part behind its last `after`.

    `Ref("target_group.web")` is an ARN; `Ref("target_group.web", after=":")` ends it to `targetgroup/web/0123`.
    """

    key: str
    after: str = ""


@dataclass(frozen=True)
class Joined:
    """A text of words and references, such as the resource label of a target group."""

    parts: tuple[str | Ref, ...]


@dataclass(frozen=True)
class Upload:
    """A file of this machine, sent only if it still has this content."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class Wait:
    """After the call: asks `method` every few seconds until `query` (JMESPath) gives `until`.

    An error whose code is one of `gone` ends the wait as well. `limit` is in seconds, `what` is told meanwhile
    ("instances leave"). Refuses by itself only when the time is over.
    """

    method: str
    arguments: Mapping[str, Any]
    query: str
    until: Any
    what: str
    limit: int
    every: float = 5
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call:
    """`gives` maps keys for later `Ref`s to JMESPath expressions over the reply: `{"topic": "TopicArn"}`.

    `reason` says why in a few words, `new` or the drift: "MaxSize 9 -> 4". `again` names errors that pass by
    themselves, a code ("ResourceInUse") or a code and words of its message ("ValidationError: launch template"): AWS's
    parts hear of each other's news a little later.
    """

    service: str
    method: str
    arguments: Mapping[str, Any]
    reason: str
    gives: Mapping[str, str] = field(default_factory=dict)
    wait: Wait | None = None
    again: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As people say it: `autoscaling put_lifecycle_hook`."""
        return f"{self.service} {self.method}"


def drift(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """One reason for each wanted argument that AWS holds differently; what AWS holds besides is not looked at.

    Mappings are compared key by key, so that defaults which AWS adds inside of them are no drift.
    """
    return [text for key, value in wanted.items() for text in _differences(key, value, found.get(key))]


def _differences(path: str, wanted: Any, found: Any) -> list[str]:
    if isinstance(wanted, Mapping) and found is None:
        given = {key: value for key, value in wanted.items() if value is not None}
        return [f"{path} none -> {told(given)}"] if given else []
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return [text for key, value in wanted.items() for text in _differences(f"{path}.{key}", value, found.get(key))]
    if _is_list_of_mappings(wanted) and _is_list_of_mappings(found) and len(wanted) == len(found):
        pairs = enumerate(zip(wanted, found, strict=True))
        return [text for index, (one, other) in pairs for text in _differences(f"{path}[{index}]", one, other)]
    return [] if wanted == found else [f"{path} {told(found)} -> {told(wanted)}"]


def _is_list_of_mappings(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(one, Mapping) for one in value)


def told(value: Any) -> str:
    """A value as a reason shows it; what only AWS will say is `new`."""
    if isinstance(value, Ref | Joined):
        return "new"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(told(one) for one in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {told(one)}" for key, one in value.items()) + "}"
    return "none" if value is None else str(value)
