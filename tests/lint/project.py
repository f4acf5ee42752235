"""A small project that is clean until a test changes it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

DEFAULTS = {"name": '"shop"', "entrypoint": '"shop.main:app"', "source": 'Source.directory("examples/shop")'}
FILES = {
    "inventories/prod.py": 'app = ["app-1", "app-2"]\nbalancer = ["balancer-1"]\n',
    "group_data/prod.py": 'environment = "production"\n',
    "examples/shop/shop/__init__.py": "",
    "examples/shop/shop/main.py": "app = object()\n",
    "examples/shop/static/site.css": "body {}\n",
    "examples/shop/requirements.txt": "httpx>=0.27\n",
    "shop.tar.gz": "an archive",
}
ARCHIVE_SHA256 = hashlib.sha256(FILES["shop.tar.gz"].encode()).hexdigest()


def app(**settings: str) -> str:
    """group_data/app.py with one setting a line; values are Python as a user writes it."""
    lines = [f"    {name}={value}," for name, value in {**DEFAULTS, **settings}.items() if value]
    return "\n".join(["from slackwater import *", "", "app = App(", *lines, ")", ""])


def write(project: Path, files: Mapping[str, str | None]) -> Path:
    """The project with those files changed; None leaves one out, and PROJECT in a text is its directory."""
    for name, text in {**FILES, "group_data/app.py": app(), **files}.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            path.write_text(text.replace("PROJECT", str(project)))
    return project
