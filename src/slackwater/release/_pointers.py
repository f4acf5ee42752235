"""Where a fleet's pointer to its proved release is kept: a file, or a parameter of SSM."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from slackwater.release.store import Files, _aws

FOLDER = "proved"


class Pointers(Protocol):
    """Every method raises ReleaseError when they cannot be reached."""

    def where(self, app: str, fleet: str) -> str:
        """How messages call it."""
        ...

    def read(self, app: str, fleet: str) -> bytes | None: ...

    def write(self, app: str, fleet: str, data: bytes) -> None: ...

    def fleets(self, app: str) -> list[str]:
        """Those that have one."""
        ...


@dataclass(frozen=True)
class FilePointers:
    files: Files

    def where(self, app: str, fleet: str) -> str:
        return f"{self.files.name}/{self._key(app, fleet)}"

    def read(self, app: str, fleet: str) -> bytes | None:
        return self.files.read(self._key(app, fleet))

    def write(self, app: str, fleet: str, data: bytes) -> None:
        self.files.write(self._key(app, fleet), data)

    def fleets(self, app: str) -> list[str]:
        names = (key.rpartition("/")[2] for key in self.files.keys(f"{app}/{FOLDER}/"))
        return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))

    def _key(self, app: str, fleet: str) -> str:
        return f"{app}/{FOLDER}/{fleet}.json"


@dataclass(frozen=True)
class ParameterPointers:
    """/slackwater/<app>/<fleet>/proved"""

    @cached_property
    def client(self) -> Any:
        return _aws.client("ssm")

    def where(self, app: str, fleet: str) -> str:
        return f"the SSM parameter {self._name(app, fleet)}"

    def read(self, app: str, fleet: str) -> bytes | None:
        from botocore.exceptions import ClientError

        with self._sentences(self._name(app, fleet)):
            try:
                answer = self.client.get_parameter(Name=self._name(app, fleet))
            except ClientError as error:
                if _aws.code(error) == "ParameterNotFound":
                    return None
                raise
        return str(answer["Parameter"]["Value"]).encode()

    def write(self, app: str, fleet: str, data: bytes) -> None:
        with self._sentences(name := self._name(app, fleet)):
            self.client.put_parameter(Name=name, Value=data.decode(), Type="String", Overwrite=True)

    def fleets(self, app: str) -> list[str]:
        with self._sentences(path := f"/slackwater/{app}"):
            pages = self.client.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True)
            names = [each["Name"].removeprefix(f"{path}/") for page in pages for each in page["Parameters"]]
        pairs = (name.rpartition("/") for name in names)
        return sorted(fleet for fleet, _, last in pairs if last == FOLDER and "/" not in fleet)

    def _name(self, app: str, fleet: str) -> str:
        return f"/slackwater/{app}/{fleet}/{FOLDER}"

    @contextmanager
    def _sentences(self, name: str) -> Iterator[None]:
        needs = "ssm:GetParameter, ssm:GetParametersByPath and ssm:PutParameter on /slackwater/*"
        with _aws.sentences(f"the SSM parameter {name} cannot be used", needs):
            yield
