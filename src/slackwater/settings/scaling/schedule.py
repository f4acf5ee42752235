"""Schedule: another size at a known time."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import datetime

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import text, whole
from slackwater.settings.scaling._cron import is_cron
from slackwater.settings.scaling._words import GROUP_NAME, GROUP_NAME_ALLOWED

MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
MOMENT_ALLOWED = "a time in UTC such as '2026-12-24T08:00:00Z'"


class Schedule(Settings):
    """`Schedule(name="mornings", cron="30 7 * * 1-5", time_zone="Europe/Berlin", minimum=4)`."""

    name: str = text(..., "Its name in the group.", pattern=GROUP_NAME, allowed=GROUP_NAME_ALLOWED, example="mornings")
    cron: str | None = text(
        None,
        "Minute, hour, day of the month, month, day of the week; None for once, at `start`.",
        allowed="five fields such as '30 7 * * 1-5'",
    )
    time_zone: str | None = text(None, "Of `cron`; None is UTC.", allowed="a time zone such as 'Europe/Berlin'")
    minimum: int | None = whole(None, "The group's new minimum.", unit="instances")
    maximum: int | None = whole(None, "Its new maximum.", unit="instances")
    desired: int | None = whole(None, "Its new size.", unit="instances")
    start: str | None = text(None, "The first time.", pattern=MOMENT, allowed=MOMENT_ALLOWED)
    end: str | None = text(None, "After which `cron` no longer acts.", pattern=MOMENT, allowed=MOMENT_ALLOWED)

    def conflicts(self) -> Iterator[Fault]:
        yield from self._when()
        yield from self._moments()
        yield from self._sizes()

    def _when(self) -> Iterator[Fault]:
        if self.cron is None and self.start is None:
            yield self.fault("cron", "must be given, or start")
        if self.cron is not None and not is_cron(self.cron):
            yield self.fault("cron", "must be five fields (minute hour day month weekday) such as '30 7 * * 1-5'")
        if self.time_zone is None:
            return
        if self.cron is None:
            yield self.fault("time_zone", "must go with cron: start and end are in UTC")
        if self.time_zone not in zoneinfo.available_timezones():
            yield self.fault("time_zone", "must be a time zone's canonical name such as 'Europe/Berlin'")

    def _moments(self) -> Iterator[Fault]:
        for field in ("start", "end"):
            if not _exists(getattr(self, field)):
                yield self.fault(field, f"must be {MOMENT_ALLOWED}")
        if self.end is not None and self.cron is None:
            yield self.fault("end", "must go with cron: what happens once needs no end")
        if self.start is not None and self.end is not None and self.end <= self.start:
            yield self.fault("end", f"must be after start ({self.start})")

    def _sizes(self) -> Iterator[Fault]:
        sizes = [size for size in (self.minimum, self.desired, self.maximum) if size is not None]
        if not sizes:
            yield self.fault("desired", "must be given, or minimum, or maximum")
        if sizes != sorted(sizes):
            yield self.fault(
                "minimum" if self.minimum is not None else "desired", "must be minimum <= desired <= maximum"
            )


def _exists(moment: str | None) -> bool:
    """There is no 30th of February."""
    try:
        return moment is None or bool(datetime.fromisoformat(moment))
    except ValueError:
        return False
