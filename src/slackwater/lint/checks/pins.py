"""What an app's own files ask for, against the servers that the library adds."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from slackwater.resources import resource
from slackwater.settings import Fault

SERVERS = "requirements/server.in"
AFTER_REQUIREMENT = re.compile(r"\s*(\s#|\s--|\\$).*")


def supported() -> dict[str, str]:
    """The library's own pins: name to version."""
    lines = resource(SERVERS).read_text(encoding="utf-8").splitlines()
    pinned = [found for line in lines if (found := _requirement(line))]
    return {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in pinned}


def faults(root: Path, project: Path, versions: dict[str, str]) -> Iterator[Fault]:
    """Of requirements.txt and pyproject.toml, each with its line."""
    for file, number, text in [*_requirements(root / "requirements.txt"), *_dependencies(root / "pyproject.toml")]:
        asked = _requirement(text)
        version = versions.get(canonicalize_name(asked.name)) if asked else None
        if asked and version and (asked.url or not asked.specifier.contains(version, prereleases=True)):
            shown = str(file.relative_to(project) if file.is_relative_to(project) else file)
            allowed = f"must allow {version}, the version that Slackwater supports and adds itself; leave the pin out"
            yield Fault(shown, number, asked.name, repr(str(asked)), allowed)


def _requirements(file: Path) -> Iterator[tuple[Path, int, str]]:
    if not file.is_file():
        return
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        included = re.match(r"(?:-r|--requirement)[\s=]*(\S+)", line)
        if included:
            yield from _requirements(file.parent / included[1])
        else:
            yield file, number, line


def _dependencies(file: Path) -> Iterator[tuple[Path, int, str]]:
    if not file.is_file():
        return
    text = file.read_text(encoding="utf-8")
    for dependency in tomllib.loads(text).get("project", {}).get("dependencies", []):
        yield file, text[: text.find(dependency)].count("\n") + 1, dependency


def _requirement(line: str) -> Requirement | None:
    try:
        return Requirement(AFTER_REQUIREMENT.sub("", line))
    except InvalidRequirement:
        return None
