"""Whether a text is a recurrence that AWS takes: five fields of a crontab."""

from __future__ import annotations

import re

DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
SPANS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
NAMES: tuple[dict[str, int], ...] = (
    {},
    {},
    {},
    {name: number for number, name in enumerate(MONTHS, 1)},
    {name: number for number, name in enumerate(DAYS)},
)
ITEM = re.compile(r"(\*|(?P<first>[0-9]{1,2}|[A-Z]{3})(-(?P<last>[0-9]{1,2}|[A-Z]{3}))?)(/(?P<step>[0-9]{1,2}))?")
LONGEST = 255


def is_cron(text: str) -> bool:
    fields = text.upper().split()
    if len(fields) != len(SPANS) or len(text) > LONGEST or "\n" in text:
        return False
    return all(_is_field(field, *span) for field, span in zip(fields, zip(SPANS, NAMES, strict=True), strict=True))


def _is_field(field: str, span: tuple[int, int], names: dict[str, int]) -> bool:
    return all(_is_item(item, span, names) for item in field.split(","))


def _is_item(item: str, span: tuple[int, int], names: dict[str, int]) -> bool:
    found = ITEM.fullmatch(item)
    if not found or found["step"] == "0":
        return False
    ends = [_number(word, names) for word in (found["first"], found["last"]) if word]
    known = [end for end in ends if end is not None and span[0] <= end <= span[1]]
    return len(known) == len(ends) and known == sorted(known)


def _number(word: str, names: dict[str, int]) -> int | None:
    return int(word) if word.isdigit() else names.get(word)
