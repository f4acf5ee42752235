"""Shipped logs: which hosts there are, and the lines of one of them."""

from __future__ import annotations

import gzip
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from slackwater.errors import SettingsError
from slackwater.release.store import DirectoryFiles, Files, S3Files

NAME = re.compile(r"(?P<host>[^/]+)/(?P<day>\d{4}-\d\d-\d\d)/(?P<time>\d{6}\.\d{6})Z-(?P<source>.+)-[0-9a-f]{12}\.gz")
JOURNAL, ALL = "journal", "all"


@dataclass(frozen=True)
class Line:
    """`text` is as it was written; of the journal `time`, `unit` and `text` are apart, of a file all is `text`."""

    source: str
    text: str
    time: str = ""
    unit: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, [self.time, self.unit and f"{self.unit}:", self.text]))


@dataclass(frozen=True)
class Shipped:
    """One object; `at` is when it was packed: no line in it is younger."""

    key: str
    host: str
    source: str
    at: datetime


@dataclass(frozen=True)
class Wanted:
    """`source` is ALL, or as in an object's name: "nginx-access"."""

    source: str = JOURNAL
    since: datetime | None = None


def shelf(ship_to: str | None) -> Files:
    """Where the logs are. Raises SettingsError when they go nowhere."""
    if ship_to is None:
        raise SettingsError(
            'logs.ship_to must be given: logs = Logs(ship_to="s3://bucket/logs") in group_data/all.py; '
            "until then they are on the hosts alone: journalctl -u 'slackwater-*'"
        )
    if ship_to.startswith("s3://"):
        return S3Files(ship_to)
    if not Path(ship_to).is_dir():
        raise SettingsError(f"logs.ship_to is {ship_to}, which is not on this machine: read them where it is")
    return DirectoryFiles(Path(ship_to))


def hosts(files: Files, fleet: str) -> dict[str, tuple[datetime, datetime]]:
    """Of each host that has shipped anything, when its first and its last object was packed."""
    found: dict[str, tuple[datetime, datetime]] = {}
    for each in _shipped(files, f"{fleet}/"):
        first, last = found.get(each.host, (each.at, each.at))
        found[each.host] = (min(first, each.at), max(last, each.at))
    return found


def lines(files: Files, fleet: str, host: str, wanted: Wanted) -> Iterator[Line]:
    """In the order in which they were shipped, the oldest first."""
    for each in _shipped(files, f"{fleet}/{host}/"):
        if wanted.source in {ALL, each.source} and (wanted.since is None or each.at >= wanted.since):
            yield from (line for line in _lines(files, each) if wanted.since is None or _is_since(line, wanted.since))


def last(found: Iterator[Line], number: int) -> list[Line]:
    """The last of them; all where `number` is 0."""
    return list(found) if not number else list(deque(found, number))


def _shipped(files: Files, prefix: str) -> Iterator[Shipped]:
    for key in files.keys(prefix):
        if found := NAME.fullmatch(key.partition("/")[2]):
            at = datetime.strptime(f"{found['day']} {found['time']}", "%Y-%m-%d %H%M%S.%f").replace(tzinfo=UTC)
            yield Shipped(key, found["host"], found["source"], at)


def _lines(files: Files, each: Shipped) -> Iterator[Line]:
    data = files.read(each.key)
    for text in gzip.decompress(data or gzip.compress(b"")).decode(errors="replace").splitlines():
        if each.source != JOURNAL:
            yield Line(each.source, text)
            continue
        told = json.loads(text)
        yield Line(each.source, told["message"], told["time"], told["unit"])


def _is_since(line: Line, since: datetime) -> bool:
    """A file's line has no time that we know: it comes with its object."""
    return not line.time or datetime.fromisoformat(line.time) >= since
