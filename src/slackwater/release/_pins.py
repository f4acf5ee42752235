"""Requirements files and the hashes they carry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_COMMENT = re.compile(r"(^|\s)#.*$")
_INCLUDE = re.compile(r"^(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)")
_HASH = re.compile(r"\s--hash[\s=]\s*(\S+)")


@dataclass(frozen=True)
class Pin:
    """`text` is the requirement without its hashes; `where` is file:line."""

    text: str
    hashes: frozenset[str]
    where: str

    @property
    def requirement(self) -> Requirement | None:
        try:
            return Requirement(self.text)
        except InvalidRequirement:
            return None

    def covers(self, other: Pin) -> bool:
        """Whether `other`, an exact pin, is the package and one of the versions that this one speaks of."""
        mine, theirs = self.requirement, other.requirement
        if mine is None or theirs is None or canonicalize_name(mine.name) != canonicalize_name(theirs.name):
            return False
        if mine.url or theirs.url:
            return mine.url == theirs.url
        return all(mine.specifier.contains(each.version, prereleases=True) for each in theirs.specifier)

    def __str__(self) -> str:
        return " \\\n    ".join([self.text, *(f"--hash={each}" for each in sorted(self.hashes))]) + "\n"


def read(path: Path, shown: str) -> Iterator[Pin]:
    """Every requirement of the file and of the files that it includes; `shown` is its name in messages."""
    for number, line in _lines(path.read_text()):
        if include := _INCLUDE.match(line):
            inner = path.parent / include[1]
            if inner.is_file():
                yield from read(inner, str(Path(shown).parent / include[1]))
        else:
            yield from parse(line, f"{shown}:{number}")


def parse(line: str, where: str) -> Iterator[Pin]:
    if line.startswith("-") and not line.startswith(("-e", "--editable")):
        return
    yield Pin(re.split(r"\s--", line)[0].strip(), frozenset(_HASH.findall(line)), where)


def parse_all(text: str, where: str) -> list[Pin]:
    return [pin for _, line in _lines(text) for pin in parse(line, where)]


def narrowed(resolved: Pin, author: list[Pin]) -> Pin:
    """`resolved` with only those hashes that the author allows; none are left when the author's are wrong."""
    allowed = frozenset[str]().union(*(pin.hashes for pin in author if pin.covers(resolved)))
    return replace(resolved, hashes=resolved.hashes & allowed)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines, continued ones joined, without comments, each with the number it begins at."""
    joined, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        start = start if joined else number
        line = _COMMENT.sub("", raw)
        joined += line.removesuffix("\\") + " "
        if not line.endswith("\\"):
            if joined.strip():
                yield start, joined.strip()
            joined = ""
    if joined.strip():
        yield start, joined.strip()
