"""When a recurring schedule is due: the five fields of a crontab, in a time zone."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from slackwater.settings.scaling._cron import ITEM, NAMES, SPANS

YEARS = 9
"""How far it looks ahead: 29 February comes back after eight at the latest, as in 1896 and 1904."""
SUNDAY, SUNDAY_TOO = 0, 7


class Recurrence:
    """`text` is one that `is_cron` takes.

    With both days restricted, one of them suffices, as in every crontab. An hour that a clock change skips has no run,
    and one that comes twice has one, the first: AWS documents neither.
    """

    def __init__(self, text: str, zone: str = "UTC") -> None:
        fields = text.upper().split()
        self.minutes, self.hours, self.days, self.months, week = (
            set(_numbers(field, *span, names)) for field, span, names in zip(fields, SPANS, NAMES, strict=True)
        )
        self.weekdays = week | ({SUNDAY} if SUNDAY_TOO in week else set())
        self.zone = ZoneInfo(zone)
        self.is_either = not fields[2].startswith("*") and not fields[4].startswith("*")

    def after(self, moment: datetime) -> datetime | None:
        """The first run later than that, in UTC; None where there is none, as on 30 February."""
        first = moment.astimezone(self.zone).date()
        for number in range(YEARS * 366):
            for run in self._on(first + timedelta(days=number)):
                if run > moment:
                    return run
        return None

    def _on(self, day: date) -> Iterator[datetime]:
        if day.month not in self.months or not self._is_day(day):
            return
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                run = datetime.combine(day, time(hour, minute), self.zone).astimezone(UTC)
                if run.astimezone(self.zone).hour == hour:
                    yield run

    def _is_day(self, day: date) -> bool:
        of_month, of_week = day.day in self.days, (calendar.weekday(*day.timetuple()[:3]) + 1) % 7 in self.weekdays
        return of_month or of_week if self.is_either else of_month and of_week


def _numbers(field: str, low: int, high: int, names: dict[str, int]) -> Iterator[int]:
    for item in field.split(","):
        found = ITEM.fullmatch(item)
        if found is None:
            raise ValueError(f"{item!r} is no part of a crontab's field")
        first, last, step = (found[name] for name in ("first", "last", "step"))
        begin = low if first is None else _number(first, names)
        end = _number(last, names) if last else high if first is None or step else begin
        yield from range(begin, end + 1, int(step or 1))


def _number(word: str, names: dict[str, int]) -> int:
    return int(word) if word.isdigit() else names[word]
