"""The agents as files of a host, read from the package itself: what runs there is the code that the tests run."""

from __future__ import annotations

from slackwater.engine.values import Directory, File, Item
from slackwater.resources import resource

LIBRARY = "/usr/local/lib/slackwater"


def programs(agent: str) -> list[Item]:
    """The package `agents.<agent>` with its sub-packages, and the directories on the way."""
    source = resource("agents")
    modules = [source / "__init__.py", *sorted((source / agent).rglob("*.py"))]
    below = [module.relative_to(source) for module in modules]
    folders = dict.fromkeys(parent for path in below for parent in reversed(path.parents))
    return [
        Directory(LIBRARY),
        *(Directory(f"{LIBRARY}/agents/{folder}".removesuffix("/.")) for folder in folders),
        *(File(f"{LIBRARY}/agents/{path}", (source / path).read_text()) for path in below),
    ]
