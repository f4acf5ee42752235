"""Secret: a value that is read when it is needed and never kept, shown or written into the repository."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from slackwater.errors import SettingsError
from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import choice, text

Kind = Literal["environment", "file"]
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Secret(Settings):
    """Made by `Secret.environment(NAME)` or `Secret.file(path)`; it holds the name, not the value."""

    kind: Kind = choice(..., "Where the value is, on the operator's machine.", ("environment", "file"))
    location: str = text(
        ..., "The variable's name, or the file's path relative to the project.", allowed="a variable's name or a path"
    )

    @classmethod
    def environment(cls, name: str) -> Secret:
        """A variable of the process that deploys."""
        return cls(kind="environment", location=name)

    @classmethod
    def file(cls, path: str) -> Secret:
        """A file of the operator's machine; one newline at its end is not part of the value."""
        return cls(kind="file", location=path)

    def conflicts(self) -> Iterator[Fault]:
        if self.kind == "environment" and not VARIABLE.fullmatch(self.location):
            yield self.fault("location", "must be a variable's name: letters, digits and _, not beginning with a digit")
        if self.kind == "file" and not self.location.strip():
            yield self.fault("location", "must be the path of a file")

    def read(self, project: Path | None = None) -> str:
        """The value, now. SettingsError names the variable or file that is missing, never a value."""
        value = os.environ.get(self.location) if self.kind == "environment" else self._from_file(project or Path.cwd())
        if value is None:
            raise SettingsError(self.fault("location", self.wanted).message)
        return value

    def _from_file(self, project: Path) -> str | None:
        try:
            return (project / self.location).read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError):
            return None

    @property
    def wanted(self) -> str:
        """What must hold for the value to be readable."""
        if self.kind == "environment":
            return "is not set: export this variable before you deploy"
        return "must be a readable text file"
