"""One fault in the settings, and the place where faults are collected instead of raised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass

from slackwater.errors import SettingsError

_collected: ContextVar[list[Fault] | None] = ContextVar("collected", default=None)


@dataclass(frozen=True)
class Fault:
    """`value` is already masked and printable; None where there is none to show (a setting that is missing)."""

    file: str | None
    line: int | None
    field: str
    value: str | None
    allowed: str

    @property
    def message(self) -> str:
        """`group_data/app.py:12: app.server.workers = -1: must be a whole number of at least 1`."""
        place = [str(part) for part in (self.file, self.line) if part is not None]
        what = f"{self.field} = {self.value}" if self.value is not None else self.field
        return ": ".join(part for part in (":".join(place), what, self.allowed) if part)

    def __str__(self) -> str:
        return self.message

    def as_json(self) -> dict[str, str | int | None]:
        return {**asdict(self), "message": self.message}


@contextmanager
def collecting() -> Iterator[list[Fault]]:
    """Within it a bad settings object records its faults and is filled with defaults, so that the reading goes on."""
    faults: list[Fault] = []
    token = _collected.set(faults)
    try:
        yield faults
    finally:
        _collected.reset(token)


def refuse(faults: Sequence[Fault]) -> None:
    """Raises SettingsError with every fault on a line of its own, unless faults are being collected."""
    collected = _collected.get()
    if collected is None:
        raise SettingsError("\n".join(fault.message for fault in faults))
    collected.extend(faults)
