"""The journal of the app's units since the last packet, one JSON object a line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import IO, Any

from .packet import LARGEST, Packet, Position

SOURCE = "journal"
FIELDS = "MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT,_PID"
READ = ["journalctl", "--quiet", "--no-pager", "--all", "--output=json", f"--output-fields={FIELDS}"]
SYNC_TIMEOUT = 5.0
"""Seconds for journald to write out what it has; one that hangs must not keep what is written from being shipped."""


class JournalError(OSError):
    """journalctl has failed; says how."""


def sync() -> None:
    """What was said until now can be read when this returns, unless journald hangs."""
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(["journalctl", "--sync"], check=False, timeout=SYNC_TIMEOUT, capture_output=True)


def read(units: Sequence[str], since: Position) -> Packet | None:
    """None when there is nothing new. Raises JournalError: nothing is skipped because of it."""
    lines, size, cursor = list[bytes](), 0, since.cursor
    with _entries(units, since.cursor) as entries:
        for entry in entries:
            line = _line(entry)
            lines.append(line)
            cursor, size = str(entry["__CURSOR"]), size + len(line)
            if size >= LARGEST:
                break
    return Packet(SOURCE, b"".join(lines), replace(since, cursor=cursor)) if lines else None


@contextmanager
def _entries(units: Sequence[str], cursor: str) -> Iterator[Iterator[Mapping[str, Any]]]:
    """journalctl is not waited for when somebody has enough."""
    words = [*READ, *(["--after-cursor", cursor] if cursor else []), *(f"--unit={unit}" for unit in units)]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        ended = list[bool]()
        try:
            yield _parsed(running.stdout, ended)
        finally:
            if not ended:
                running.kill()
        said = running.stderr.read().decode(errors="replace").strip() if running.stderr else ""
        if ended and running.wait():
            raise JournalError(f"journalctl ends with {running.returncode}: {said[-300:]}")


def _parsed(lines: IO[bytes] | None, ended: list[bool]) -> Iterator[Mapping[str, Any]]:
    for line in lines or ():
        yield json.loads(line)
    ended.append(True)


def _line(entry: Mapping[str, Any]) -> bytes:
    """What systemd says of a unit belongs to the unit."""
    at = datetime.fromtimestamp(int(entry["__REALTIME_TIMESTAMP"]) / 1e6, UTC)
    told = {
        "time": at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "unit": entry.get("UNIT") or entry.get("_SYSTEMD_UNIT") or "",
        "pid": entry.get("_PID"),
        "priority": entry.get("PRIORITY"),
        "message": _text(entry.get("MESSAGE")),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(errors="replace") + b"\n"


def _text(message: Any) -> str:
    """What is no text comes as numbers, what was said several times as a list."""
    if not isinstance(message, list):
        return "" if message is None else str(message)
    if all(isinstance(each, int) for each in message):
        return bytes(message).decode(errors="replace")
    return "\n".join(map(_text, message))
