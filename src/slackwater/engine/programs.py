"""The agents as files of a host, read from the package itself: what runs there is the code that the tests run."""

from __future__ import annotations

from pathlib import Path

from slackwater.engine.values import Directory, File, Item
from slackwater.resources import resource

LIBRARY = "/usr/local/lib/slackwater"


def programs(*agents: str) -> list[Item]:
    """The packages or modules `agents.<name>` with what is in them, and the directories on the way."""
    source = resource("agents")
    modules = [source / "__init__.py", *(module for name in agents for module in _modules(source, name))]
    below = [module.relative_to(source) for module in modules]
    folders = dict.fromkeys(parent for path in below for parent in reversed(path.parents))
    return [
        Directory(LIBRARY),
        *(Directory(f"{LIBRARY}/agents/{folder}".removesuffix("/.")) for folder in folders),
        *(File(f"{LIBRARY}/agents/{path}", (source / path).read_text()) for path in below),
    ]


def _modules(source: Path, name: str) -> list[Path]:
    module = source / f"{name}.py"
    return [module] if module.is_file() else sorted((source / name).rglob("*.py"))
