"""All that the page shows, gathered from where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..core import Core
from ..cutting import Cutting
from ..membership.source import Source
from ..policy.fleet import Transition
from ..policy.record import Record
from ..policy.share import ramps, weights
from ..words import printable
from ..writer.nginx import Seen
from ..writer.writer import Writer


@dataclass(frozen=True)
class View:
    core: Core
    sources: Sequence[Source]
    writer: Writer
    cutting: Cutting
    configuration_error: str
    now: float

    def state(self) -> dict[str, Any]:
        return {
            "generation": self.writer.generation,
            "members": self.members(),
            "sources": [self._source(source) for source in self.sources],
            "floor_held": bool(self.core.fleet.held),
            "writer": self._writer(),
            "configuration": {"ok": not self.configuration_error, "error": self.configuration_error},
            "transitions": [_transition(one) for one in self.core.transitions],
        }

    def health(self) -> str:
        """Empty when all is well."""
        if not any(record.serves for record in self.core.fleet.records.values()):
            return "no backend is in service"
        return self.writer.error

    def members(self) -> list[dict[str, Any]]:
        """In the order of their names."""
        records, seen = self.core.fleet.records, self.writer.seen
        share = weights(records.values(), self.core.rules)
        since = {place: record.since for place, record in records.items() if record.serves}
        ramp = ramps(since, self.core.rules.slow_start, self.now)
        members = [
            _member(record, share.get(place, 0), ramp.get(place, 0.0), seen) for place, record in records.items()
        ]
        return sorted(members, key=lambda member: (member["name"], member["address"]))

    def _source(self, source: Source) -> dict[str, Any]:
        age = None if source.heard_at is None else round(max(0.0, self.now - source.heard_at), 1)
        members = None if source.members is None else len(source.members)
        return {
            "kind": source.told.kind,
            "name": source.name,
            "ok": not source.error and source.looks > 0,
            "error": source.error,
            "age": age,
            "members": members,
            "looks": source.looks,
            "failures": source.failures,
        }

    def _writer(self) -> dict[str, Any]:
        writer = self.writer
        return {
            "ok": not writer.error and not writer.disk_error,
            "nginx_generation": writer.seen.generation,
            "error": printable(writer.error or writer.disk_error),
            "puts": writer.puts,
            "failures": writer.failures,
            "leaving": {str(place): count for place, count in writer.seen.leaving.items()},
        }


def _member(record: Record, weight: int, ramp: float, seen: Seen) -> dict[str, Any]:
    member, count = record.member, seen.members.get(record.member.place)
    return {
        "name": member.name,
        "address": member.place.address,
        "port": member.place.port,
        "state": str(record.state),
        "reason": record.reason,
        "since": record.changed,
        "weight": weight,
        "ramp": round(ramp, 2),
        "backup": member.backup,
        "left": record.left,
        "ready": record.ready,
        "in_flight": seen.in_flight(member.place),
        "requests": count.requests if count else 0,
        "failures": count.failures if count else 0,
        "ejected": bool(count and count.ejected),
        "last_error": record.answer,
        "checks": {"good": record.good, "bad": record.bad, "live": record.answer, "ready": record.ready_answer},
    }


def _transition(one: Transition) -> dict[str, Any]:
    place = str(one.place)
    return {
        "time": one.time, "name": one.name, "place": place, "from": one.before, "to": one.after, "reason": one.reason
    }  # fmt: skip
