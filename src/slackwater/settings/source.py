"""Source: where an app's code comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, cast

from packaging.requirements import InvalidRequirement, Requirement

from slackwater.settings._base import Settings
from slackwater.settings._faults import Fault
from slackwater.settings._fields import AS_TUPLE, choice, text

Kind = Literal["directory", "archive", "requirement"]
ARCHIVE_URL = re.compile(r"(https?://[^/\s]+/|file:///)[^\s\"'<>]*")
SHA256 = r"[0-9a-f]{64}"


class Source(Settings):
    """Made by `Source.directory`, `Source.archive` or `Source.requirement`; the other kinds' fields are empty."""

    kind: Kind = choice(..., "Which of the three it is.", ("directory", "archive", "requirement"))
    path: str = text("", "directory: where it is, relative to the project.", allowed="a directory")
    exclude: Annotated[tuple[str, ...], AS_TUPLE] = text(
        (), "directory: names and patterns that are left out.", allowed="a list of patterns such as 'docs/*'"
    )
    url: str = text("", "archive: a tar or zip file.", allowed="an https://, http:// or file:/// address")
    sha256: str = text("", "archive: its checksum, checked before anything is unpacked.", allowed="64 hex digits")
    specifier: str = text("", "requirement: one pinned package.", allowed="one pinned package such as 'package==1.2'")

    @classmethod
    def directory(cls, path: str, exclude: Sequence[str] = ()) -> Source:
        """A directory of the project; its requirements.txt or pyproject.toml is used if it has one."""
        return cls(kind="directory", path=path, exclude=cast("tuple[str, ...]", exclude))

    @classmethod
    def archive(cls, url: str, *, sha256: str) -> Source:
        """A tar or zip file with that checksum."""
        return cls(kind="archive", url=url, sha256=sha256)

    @classmethod
    def requirement(cls, specifier: str) -> Source:
        """One package of the package index, pinned with `==`."""
        return cls(kind="requirement", specifier=specifier)

    def conflicts(self) -> Iterator[Fault]:
        if self.kind == "directory" and not self.path.strip():
            yield self.fault("path", "must be a directory, such as 'examples/shop'")
        if self.kind == "archive":
            yield from self._archive_conflicts()
        if self.kind == "requirement" and not _is_pinned(self.specifier):
            yield self.fault("specifier", "must be exactly one pinned package such as 'package==1.2'")

    def _archive_conflicts(self) -> Iterator[Fault]:
        if not ARCHIVE_URL.fullmatch(self.url):
            yield self.fault("url", "must be an https://, http:// or file:/// address")
        if not re.fullmatch(SHA256, self.sha256):
            yield self.fault("sha256", "must be 64 hex digits in lower case, as sha256sum prints them")


def _is_pinned(specifier: str) -> bool:
    try:
        parsed = Requirement(specifier)
    except InvalidRequirement:
        return False
    versions = list(parsed.specifier)
    return len(versions) == 1 and versions[0].operator == "==" and "*" not in versions[0].version
