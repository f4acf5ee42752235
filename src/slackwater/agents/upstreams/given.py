"""Values from a JSON document, each checked; a wrong one is a sentence that names it."""

from __future__ import annotations

from typing import Any

from .members import canonical, is_whole

ABSENT: Any = object()


class ConfigurationError(Exception):
    """Says what is wrong and what may stand there."""


class Given:
    """One object of the document. A key without a default must be there."""

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, dict):
            raise ConfigurationError(f"{where} must be an object, not {data!r:.80}")
        self._data, self._where = data, where

    def part(self, key: str) -> Given:
        return Given(self._data.get(key, {}), f"{self._where}.{key}")

    def parts(self, key: str) -> list[Given]:
        items = self.value(key, [])
        self._must(isinstance(items, list), key, "a list", items)
        return [Given(item, f"{self._where}.{key}[{number}]") for number, item in enumerate(items)]

    def value(self, key: str, default: Any = ABSENT) -> Any:
        value = self._data.get(key, default)
        if value is ABSENT:
            raise ConfigurationError(f"{self._where}.{key} is missing")
        return value

    def whole(self, key: str, least: int, most: int, default: Any = ABSENT) -> int:
        value = self.value(key, default)
        self._must(is_whole(value, least, most), key, f"a whole number from {least} to {most}", value)
        return int(value)

    def seconds(self, key: str, default: Any = ABSENT, *, most: float = 3600) -> float:
        value = self.value(key, default)
        right = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most
        self._must(right, key, f"a number of seconds up to {most:g}", value)
        return float(value)

    def text(self, key: str, default: Any = ABSENT) -> str:
        value = self.value(key, default)
        self._must(isinstance(value, str) and value != "" and value.isprintable(), key, "printable text", value)
        return str(value)

    def text_or_none(self, key: str) -> str | None:
        return None if self.value(key, None) is None else self.text(key)

    def switch(self, key: str, default: bool) -> bool:
        value = self.value(key, default)
        self._must(isinstance(value, bool), key, "true or false", value)
        return bool(value)

    def choice(self, key: str, values: tuple[str, ...], default: Any = ABSENT) -> str:
        value = self.value(key, default)
        self._must(value in values, key, "one of " + ", ".join(values), value)
        return str(value)

    def address(self, key: str) -> str:
        value = self.value(key)
        address = canonical(value)
        self._must(address is not None, key, "an IP address", value)
        return str(address)

    def _must(self, right: bool, key: str, allowed: str, value: object) -> None:
        if not right:
            raise ConfigurationError(f"{self._where}.{key} must be {allowed}, not {value!r:.80}")
