"""Secret: a value that is read when it is needed and never kept, shown or written into the repository."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

from slackwater.errors import SettingsError
from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import choice, text, whole

Kind = Literal["environment", "file", "ssm", "secrets_manager"]
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
PARAMETER = re.compile(
    r"[A-Za-z0-9_./-]{1,1011}|arn:aws[a-z-]*:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_./-]{1,900}"
)
SECRET_ID = re.compile(
    r"[A-Za-z0-9/_+=.@-]{1,512}|arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+"
)


class Secret(Settings):
    """It holds a name, not the value. The operator's machine reads `Secret.environment(NAME)` and `Secret.file(path)`;
    the instance itself, by its own role, `Secret.ssm(name)` and `Secret.secrets_manager(name)`."""

    kind: Kind = choice(..., "Where the value is: on the operator's machine, or in AWS.", get_args(Kind))
    location: str = text(
        ...,
        "The variable's, parameter's or secret's name, or the file's path relative to the project.",
        allowed="a name or a path",
    )
    key: str | None = text(
        None, "Which value of a secret that is a JSON object; None takes all of it.", allowed="a key of that object"
    )
    version: int | None = whole(None, "Which version of the parameter; None takes the newest.", least=1)
    region: str | None = text(
        None,
        "The AWS region; None is the instance's own.",
        pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]+$",
        allowed="an AWS region such as 'eu-central-1'",
    )

    @classmethod
    def environment(cls, name: str) -> Secret:
        """A variable of the process that deploys."""
        return cls(kind="environment", location=name)

    @classmethod
    def file(cls, path: str) -> Secret:
        """A file of the operator's machine; one newline at its end is not part of the value."""
        return cls(kind="file", location=path)

    @classmethod
    def ssm(cls, name: str, *, version: int | None = None, region: str | None = None) -> Secret:
        """A parameter of the Systems Manager, by name or ARN; the instance's role needs `ssm:GetParameter` on it."""
        return cls(kind="ssm", location=name, version=version, region=region)

    @classmethod
    def secrets_manager(cls, name: str, *, key: str | None = None, region: str | None = None) -> Secret:
        """A secret of the Secrets Manager, by name or ARN; the role needs `secretsmanager:GetSecretValue` on it."""
        return cls(kind="secrets_manager", location=name, key=key, region=region)

    def conflicts(self) -> Iterator[Fault]:
        if self.kind == "environment" and not VARIABLE.fullmatch(self.location):
            yield self.fault("location", "must be a variable's name: letters, digits and _, not beginning with a digit")
        if self.kind == "file" and not self.location.strip():
            yield self.fault("location", "must be the path of a file")
        if self.kind == "ssm" and not PARAMETER.fullmatch(self.location):
            yield self.fault("location", "must be a parameter's name such as '/shop/prod/database-url', or its ARN")
        if self.kind == "secrets_manager" and not SECRET_ID.fullmatch(self.location):
            yield self.fault("location", "must be a secret's name such as 'shop/prod', or its ARN")

    @property
    def is_of_the_instance(self) -> bool:
        """Whether the host resolves it with its own role, so that the operator's machine never has the value."""
        return self.kind in {"ssm", "secrets_manager"}

    def reference(self) -> dict[str, Any]:
        """What the host needs to resolve it."""
        return {name: getattr(self, name) for name in ("kind", "location", "key", "version", "region")}

    def read(self, project: Path | None = None) -> str:
        """The value, now. SettingsError names the variable or file that is missing, never a value."""
        value = self._read(project or Path.cwd())
        if value is None:
            raise SettingsError(self.fault("location", self.wanted).message)
        return value

    def _read(self, project: Path) -> str | None:
        if self.is_of_the_instance:
            return None
        return os.environ.get(self.location) if self.kind == "environment" else self._from_file(project)

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
        if self.kind == "file":
            return "must be a readable text file"
        return "is known to instances only; what is needed here is Secret.environment(…) or Secret.file(…)"
