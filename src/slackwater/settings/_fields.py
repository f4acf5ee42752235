"""The kinds of fields: each carries its description, its unit and one sentence of what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, cast

from pydantic import BeforeValidator, Field
from pydantic.fields import FieldInfo

URL_PATH = r"^/[A-Za-z0-9._~/-]*$"
URL_PATH_ALLOWED = "a path that begins with '/', made of letters, digits and any of . _ ~ - /"

# Users write lists. Anything else that can be iterated (a text, one Static) is a mistake, not several values.
AS_TUPLE = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)


def whole(default: int | None, description: str, *, unit: str = "", least: int = 0, most: int | None = None) -> Any:
    """A whole number; `least` and `most` belong to it."""
    span = f"from {least} to {most}" if most is not None else f"of at least {least}"
    allowed = f"a whole number {span}" + (f" ({unit})" if unit else "")
    bounds: dict[str, Any] = {"ge": least, "le": most}
    return Field(default, description=description, json_schema_extra=_extra(allowed, default, unit), **bounds)


def switch(default: object, description: str) -> Any:
    return Field(default, description=description, json_schema_extra=_extra("True or False", default))


def choice(default: object, description: str, values: Sequence[str]) -> Any:
    allowed = "one of " + ", ".join(repr(value) for value in values)
    return Field(default, description=description, json_schema_extra=_extra(allowed, default))


def text(default: object, description: str, *, allowed: str, pattern: str | None = None, example: object = None) -> Any:
    """Text, or several; `default` is `...` for a setting that must be given, and then it has an `example`."""
    examples = None if example is None else [example]
    extra = _extra(allowed, default)
    return Field(default, description=description, pattern=pattern, examples=examples, json_schema_extra=extra)


def part(factory: Callable[[], Any], description: str, *, allowed: str) -> Any:
    """A settings object or a collection; its default is made anew for each owner."""
    return Field(default_factory=factory, description=description, json_schema_extra=_extra(allowed, ...))


def allowed(field: FieldInfo) -> str:
    """What may stand there: "a whole number of at least 1 (MB), or None"."""
    return str(_of(field)["allowed"])


def unit(field: FieldInfo) -> str:
    return str(_of(field)["unit"])


def matching(pattern: str, must: str) -> Callable[[str], str]:
    """A validator for the items of a collection, where a field's own pattern does not reach."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"must be {must}")
        return value

    return check


def _extra(allowed: str, default: object, unit: str = "") -> dict[str, Any]:
    return {"allowed": f"{allowed}, or None" if default is None else allowed, "unit": unit}


def _of(field: FieldInfo) -> dict[str, Any]:
    return cast("dict[str, Any]", field.json_schema_extra)
