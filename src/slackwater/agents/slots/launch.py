"""Becomes the shell of a hook: `launch.py VENV FILE` runs FILE's text with the app's secrets and programs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def variables(venv: str, given: dict[str, str]) -> dict[str, str]:
    """As gunicorn.conf.py does it: a secret is in no unit and no process list."""
    credentials = sorted(Path(given.get("CREDENTIALS_DIRECTORY", "/nonexistent")).glob("*"))
    secrets = {file.name: file.read_text() for file in credentials}
    return given | secrets | {"PATH": f"{venv}/bin:{given.get('PATH', SYSTEM_PATH)}"}


def main() -> None:
    venv, file = sys.argv[1:]
    os.execve("/bin/sh", ["/bin/sh", "-c", Path(file).read_text()], variables(venv, dict(os.environ)))  # noqa: S606


if __name__ == "__main__":
    main()
