"""The base of every settings type: frozen, strict, and faults that name file, field, value and what is allowed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from slackwater.settings import _fields
from slackwater.settings._faults import Fault, refuse
from slackwater.settings.origin import Location, Origin, caller, render

CONFIDENTIAL = re.compile(r"secret|passw|token|credential|private|_key$|^key$|^env", re.IGNORECASE)
CREDENTIALS_IN_URL = re.compile(r"//[^/@\s]+@")
LONGEST_SHOWN = 100


class Settings(BaseModel):
    """A wrong value raises SettingsError with all faults of the object; within `collecting()` it records them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
            self.__dict__["declared_at"] = caller()
        except ValidationError as error:
            self.__dict__["declared_at"] = caller()
            refuse([self._invalid(details) for details in error.errors()])
            self._stand_in({name: data[name] for name in data if name not in _named(error)})
        else:
            self._refuse(list(self.conflicts()))

    @property
    def origin(self) -> Origin:
        """The call in the user's file; no field, so that equal settings from two places stay equal."""
        return cast("Origin", self.__dict__["declared_at"])

    @property
    def is_sound(self) -> bool:
        """False for the stand-in of an object that had faults: checks of the whole fleet pass it by."""
        return "stands_in" not in self.__dict__

    def conflicts(self) -> Iterator[Fault]:
        """Fields that are each right and together wrong."""
        yield from ()

    def fault(self, location: str | Location, allowed: str) -> Fault:
        """A fault of this object at "port" or `("environment", "PORT")`, with the place where the user wrote it."""
        location = (location,) if isinstance(location, str) else location
        return self._fault(location, allowed, shown(location, _at(self, location)))

    def _fault(self, location: Location, allowed: str, value: str | None) -> Fault:
        path = self.origin.path() or type(self).__name__.lower()
        line = self.origin.line_of(location)
        return Fault(self.origin.relative_file(), line, path + render(location), value, allowed)

    def _refuse(self, faults: list[Fault]) -> None:
        if faults:
            refuse(faults)
            self.__dict__["stands_in"] = True

    def _invalid(self, details: ErrorDetails) -> Fault:
        location = tuple(part for part in details["loc"] if part != "[key]")
        has_value = details["type"] != "missing" and location == details["loc"]
        value = shown(location, details["input"]) if has_value else None
        return self._fault(location, self._allowed(details), value)

    def _allowed(self, details: ErrorDetails) -> str:
        name = str(details["loc"][0])
        match details["type"]:
            case "extra_forbidden":
                return self._unknown(name)
            case "value_error":
                return str(details["ctx"]["error"])
        must = _fields.allowed(type(self).model_fields[name])
        return f"is missing; it must be {must}" if details["type"] == "missing" else f"must be {must}"

    def _unknown(self, name: str) -> str:
        kind, known = type(self).__name__, list(type(self).model_fields)
        close = difflib.get_close_matches(name, known, n=3)
        listed = ", ".join([*close, *(field for field in known if field not in close)])
        return f"is no setting of {kind}; {kind} has: {listed}"

    def _stand_in(self, data: dict[str, Any]) -> None:
        known = {name: value for name, value in data.items() if name in type(self).model_fields}
        filled = type(self).model_construct(**known)
        values = {**filled.__dict__, "declared_at": self.origin, "stands_in": True}
        state = {"__dict__": values, "__pydantic_fields_set__": set(known), "__pydantic_extra__": None}
        self.__setstate__({**state, "__pydantic_private__": None})


def _named(error: ValidationError) -> set[str]:
    return {str(details["loc"][0]) for details in error.errors()}


def _at(value: Any, location: Location) -> object:
    for part in location:
        value = getattr(value, str(part)) if isinstance(value, BaseModel) else value[part]
    return value


def shown(location: Location, value: object) -> str:
    """Printable and short; what may be a secret is masked, for faults end up in CI logs."""
    if any(CONFIDENTIAL.search(str(part)) for part in location) and not isinstance(value, int | None):
        return "***"
    if isinstance(value, Settings):
        return f"{type(value).__name__}(…)"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: …" for key in value) + "}"
    text = CREDENTIALS_IN_URL.sub("//***@", repr(value))
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
