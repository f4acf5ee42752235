"""The agents as files of a host, read from the package itself: what runs there is the code that the tests run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from slackwater.engine.values import Directory, File, Item
from slackwater.resources import resource

LIBRARY = "/usr/local/lib/slackwater"
LOADER = """\
import sys, types
for name, text in {texts!r}.items():
    module = sys.modules[name] = types.ModuleType(name)
    module.__package__ = name.rpartition(".")[0]
    exec(compile(text, name, "exec"), module.__dict__)
module.main()
"""


def programs(*agents: str) -> list[Item]:
    """The packages or modules `agents.<name>` with all that they import of their neighbours, and the directories."""
    source = resource("agents")
    below = [Path("__init__.py"), *dict.fromkeys(path for name in agents for path in _with_neighbours(source, name))]
    folders = dict.fromkeys(parent for path in below for parent in reversed(path.parents))
    return [
        Directory(LIBRARY),
        *(Directory(f"{LIBRARY}/agents/{folder}".removesuffix("/.")) for folder in folders),
        *(File(f"{LIBRARY}/agents/{path}", (source / path).read_text()) for path in below),
    ]


def sent_along(*names: str) -> str:
    """Modules of the agents as one text for `python3 -I -`, on a host that has nothing of ours yet.

    `names` are "metadata" or "slots.resolve", each after what it imports; the last one's `main` is called.
    """
    source = resource("agents")
    texts = {f"agents.{name}": (source / f"{name.replace('.', '/')}.py").read_text() for name in names}
    return LOADER.format(texts=texts)


@cache
def _with_neighbours(source: Path, name: str) -> tuple[Path, ...]:
    """Files below `source`."""
    module = source / f"{name}.py"
    files = [module] if module.is_file() else sorted((source / name).rglob("*.py"))
    found = dict.fromkeys(file.relative_to(source) for file in files)
    for neighbour in sorted({each for file in files for each in _imported(source, file)} - {name}):
        found |= dict.fromkeys(_with_neighbours(source, neighbour))
    return tuple(found)


def _imported(source: Path, file: Path) -> Iterator[str]:
    """Whatever of `agents` itself: `from ..metadata import …`, or in its own modules `from .metadata import …`."""
    depth = len(file.relative_to(source).parts)
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            yield from [node.module.partition(".")[0]] if node.module else [each.name for each in node.names]
